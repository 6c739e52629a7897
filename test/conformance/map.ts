/** Where something is shown: the name of a case of the corpus, or words of a test in a file of test/proxy. */
export type Place = string | readonly [file: string, words: string]

export interface Requirement {
  readonly says: string
  readonly shownBy: readonly Place[]
}

/** What a proxy must do at its HTTP/1.1 edges, as numbered in the requirements of the engine (RFC 9110, RFC 9112). */
export const REQUIREMENTS: readonly Requirement[] = [
  {
    says: '1 both framings at once are refused',
    shownBy: ['CL and TE', 'TE and CL', 'CL: 0 and TE', 'HEAD with CL and TE'],
  },
  {
    says: '2 one Content-Length, of digits alone',
    shownBy: [
      'two equal CL',
      'CL list of equals',
      'CL with plus',
      'empty CL',
      'CL 0x',
      'CL with a space inside',
      'CL beyond 64 bits',
      'space before the colon of CL',
    ],
  },
  {
    says: '3 no transfer coding but chunked, once',
    shownBy: [
      'TE: gzip, chunked',
      'TE: xchunked',
      'TE: chunked, chunked',
      'TE: chunked, identity',
      'two TE',
      'vertical tab before TE',
      'folded TE',
      'TE: identity',
    ],
  },
  { says: '4 no transfer coding in HTTP/1.0', shownBy: ['TE in HTTP/1.0', 'TE in HTTP/1.0, kept alive'] },
  {
    says: '5 fields of one hop are not passed on',
    shownBy: [
      'request with Connection and its kin',
      'request with TE of codings',
      'request with Upgrade without Connection',
      'request with Proxy-Authorization',
      'answer with fields of its connection',
    ],
  },
  {
    says: '6 nominated fields are dropped, but never those that frame or vouch',
    shownBy: [
      'request with a nominated field',
      'request with nominated fields of ours',
      'request with a nominated Authorization',
      'Connection nominates Host',
      'Connection nominates Transfer-Encoding',
      'Connection nominates the framing in use',
    ],
  },
  {
    says: '7 no folded lines',
    shownBy: [
      'folded field',
      'folded TE',
      'folded CL',
      'folded Host',
      'folded TE of OPTIONS',
      'answer with folded field',
    ],
  },
  {
    says: '8 no bare CR, bare LF, NUL or control byte',
    shownBy: [
      'bare CR in a value',
      'bare LF in a value',
      'LF behind the request line',
      'CR behind the request line',
      'NUL in a value',
      'control bytes in a value',
      'NUL in a name',
      'LF for every line end',
    ],
  },
  {
    says: '9 a name, and the colon right behind it',
    shownBy: [
      'empty name',
      'empty name before Host',
      'space before the colon',
      'tab before the colon',
      'no colon',
    ],
  },
  {
    says: '10 exactly one valid Host, compared in one form',
    shownBy: [
      'no Host',
      'empty Host',
      'two equal Hosts',
      'two different Hosts',
      'Host: a/b',
      'Host: u@a',
      'Host is compared in lower case, without port and dot',
    ],
  },
  {
    says: '11 an absolute target overrules Host',
    shownBy: [
      'absolute-form of another host',
      'absolute-form is routed by its own host',
      'absolute-form without Host',
    ],
  },
  { says: '12 no fragment in a target', shownBy: ['target with fragment', 'fragment behind a query'] },
  {
    says: '13 `*` for OPTIONS alone, CONNECT for nobody',
    shownBy: [
      'GET *',
      'OPTIONS *',
      'authority-form without CONNECT',
      'CONNECT',
      'CONNECT with a path',
      'CONNECT with a body',
    ],
  },
  {
    says: '14 what is compared is what is forwarded',
    shownBy: [
      'what guards a path guards all its spellings',
      'target with dot segments in escapes',
      'target with empty segments',
      'target with %2F',
      'target with %00',
      'target with backslash',
      ['request-target.test.ts', "['/x/%2e%2e/admin', 'guarded']"],
    ],
  },
  {
    says: '15 no control byte and nothing beyond ASCII in a target',
    shownBy: [
      'target with control byte',
      'target with DEL',
      'target with byte beyond ASCII',
      'target with overlong UTF-8',
    ],
  },
  {
    says: '16 HTTP/1.0 and HTTP/1.1 alone',
    shownBy: ['version 2.0', 'version 1.2', 'version 0.9', 'HTTP/0.9', 'the preface of HTTP/2'],
  },
  {
    says: '17 look-alikes with underscores are dropped',
    shownBy: [
      'Content_Length',
      'Transfer_Encoding',
      'spoofed X_Forwarded_For: 6.6.6.6',
      'a name with underscores that is like no other',
      'names with underscores are refused where that is asked for',
    ],
  },
  {
    says: '18 chunk extensions are bounded and end here',
    shownBy: [
      'chunk, LF in an extension',
      'chunk, CRLF in a quoted extension',
      'chunk, 20 kB of extensions',
      'chunks with an extension',
      'fresh chunks',
    ],
  },
  {
    says: '19 chunk sizes are hexadecimal digits',
    shownBy: [
      'chunk, 0x',
      'chunk, space before the size',
      'chunk, space behind the size',
      'chunk, size beyond 64 bits',
      'chunk, LF behind the size',
      'chunk, no CRLF behind the data',
    ],
  },
  {
    says: '20 trailers for those who take them, and none that frame or route',
    shownBy: [
      'chunks with trailers that must not be ones',
      'chunk, CL as a trailer',
      'trailers that nobody asked for',
      'trailers for a client that takes them',
      'names of prototypes',
    ],
  },
  {
    says: '21 100-continue is ours, other expectations nobody’s',
    shownBy: [
      'a client is asked for the body that it holds back',
      'a body that nobody wants is not asked for',
      'an answer before the expected body: what comes late is no request',
      'an unknown expectation',
    ],
  },
  {
    says: '22 interim answers in order, none for HTTP/1.0',
    shownBy: [
      '103 goes through',
      '102 and 103, in order',
      '100 that nobody asked for',
      'HTTP/1.0 gets no interim answer',
      'answer with 101 that nobody asked for',
    ],
  },
  {
    says: '23 no body where there is none by nature',
    shownBy: [
      'bodiless: 204 with a body',
      'bodiless: 204 with chunks',
      'bodiless: 304 with CL',
      'bodiless: HEAD',
      'bodiless: HEAD with a body',
    ],
  },
  {
    says: '24 unclear answers are refused',
    shownBy: [
      'answer with CL and TE',
      'answer with two CL',
      'answer with two equal CL',
      'answer with LF for line ends',
      'answer with bare CR in a value',
      'answer with TE: gzip, chunked',
    ],
  },
  {
    says: '25 a truncated answer never looks whole',
    shownBy: [
      'truncated answer, CL cut short',
      'truncated answer, chunks without the last',
      'truncated answer, a chunk cut short',
      ['response-faults.test.ts', 'a body up to the end that is reset'],
    ],
  },
  {
    says: '26 a tunnel only where both sides agreed on websocket',
    shownBy: [
      'an agreed upgrade is a tunnel',
      'a refused upgrade: bytes sent ahead are the next request',
      'an upgrade agreed to another protocol',
      'no upgrade, h2c',
      'no upgrade, a body',
      'no upgrade, POST',
    ],
  },
  {
    says: '27 pipelined requests in order, one at a time, and bounded',
    shownBy: [
      'pipelined requests go out one by one',
      ['pipelining.test.ts', '100 pipelined requests are answered in order'],
      ['pipelining.test.ts', 'requests behind one that hangs are not read without bound'],
    ],
  },
  {
    says: '28 nothing is read behind Connection: close',
    shownBy: ['what follows Connection: close is no request', 'Connection: close among other options'],
  },
  {
    says: '29 an early answer ends both connections',
    shownBy: [
      'an answer while the body is still coming',
      ['early-response.test.ts', 'a final answer while the body is still coming is relayed at once'],
    ],
  },
  {
    says: '30 half-closed connections are served',
    shownBy: [
      'a client that ends its side gets its answer',
      ['client-leaves.test.ts', 'a client that closes its side behind three requests gets three answers'],
    ],
  },
  {
    says: '31 a client that leaves takes its request with it',
    shownBy: [
      'a client that goes away takes its request with it',
      ['client-leaves.test.ts', '1,000 aborts leave nothing behind'],
    ],
  },
  {
    says: '32 sent again only where that is safe',
    shownBy: [
      'a stale connection: GET goes again',
      'a stale connection: POST that was sent does not',
      'half an answer is not asked for again',
      ['retries.test.ts', 'a stale connection: GET is sent again on a new one, once'],
    ],
  },
  {
    says: '33 only trusted proxies say where a request comes from',
    shownBy: [
      'everything spoofed at once',
      'spoofed X-Real-Ip: 6.6.6.6',
      'spoofed X_Real_Ip: 6.6.6.6',
      'a trusted proxy’s X-Forwarded-For is appended to',
      'others than the trusted are not believed',
    ],
  },
  {
    says: '34 limits of heads, targets and counts',
    shownBy: [
      'a head of 304 bytes, its empty line not counted',
      'a head of 305 bytes',
      'a target of 101 bytes',
      '257 fields',
      ['time-outs.test.ts', 'a head that does not come to its end: 408'],
    ],
  },
  {
    says: '35 after anything odd a connection is not used again',
    shownBy: [
      'a second answer behind the first',
      'bytes behind the last chunk',
      'bytes on an idle connection',
      'answer with no chunk size',
      'an answer that closes',
    ],
  },
  {
    says: '36 endpoints are verified by TLS',
    shownBy: [
      ['upstream-tls.test.ts', '502, and not a byte of the request is sent'],
      ['upstream-tls.test.ts', 'an answer in plain text in front of the handshake is no answer'],
    ],
  },
]
