/** One seeded fault: in `file`, the only place that reads `from` comes to read `to`. */
export interface Mutant {
  readonly file: string
  readonly from: string
  readonly to: string
  readonly breaks: string
}

type Row = readonly [from: string, to: string, breaks: string]

function of(file: string, ...rows: readonly Row[]): Mutant[] {
  return rows.map(([from, to, breaks]) => ({ file, from, to, breaks }))
}

/** Faults that a parser or a writer of headers might well have; each of them has been somebody's CVE, or nearly. */
export const MUTANTS: readonly Mutant[] = [
  ...of(
    'src/proxy/http1/field-section.ts',
    [
      'if (hop.contentLength >= 0 || value.length === 0 ||',
      'if (value.length === 0 ||',
      'a second Content-Length overrules the first',
    ],
    ['value.length === 0 || value.length > 15', 'value.length > 15', 'an empty Content-Length is 0'],
    ['value.length > 15) return', 'value.length > 99) return', 'a Content-Length may overflow'],
    [
      "if (digit < 0 || digit > 9) return 'malformed'",
      'if (digit < 0 || digit > 9) break',
      'a Content-Length ends at its first other byte',
    ],
    ["if (hop.transferEncoding) return 'malformed'", '', 'two Transfer-Encodings'],
    [
      "if (!sameName(value, 'chunked')) return",
      "if (!value.toLowerCase().endsWith('chunked')) return",
      'Transfer-Encoding: xchunked',
    ],
    [
      "if (bytes[at - 3] === HT && sameName(name, 'transfer-encoding')) return 'transfer-coding'",
      '',
      'a tab behind Transfer-Encoding',
    ],
    [
      "if (bytes[at] !== COLON || (classes & TOKEN_BYTE) === 0) return 'malformed'",
      "if (bytes[at] !== COLON) return 'malformed'",
      'an empty field name',
    ],
    [
      "if (bytes[at] !== CR || bytes[at + 1] !== LF) return 'malformed'",
      "if (bytes[at] !== CR) return 'malformed'",
      'a bare CR ends a field',
    ],
    ["        if (hop.host !== undefined) return 'malformed'\n", '', 'the last of two Hosts wins'],
    ["if (sameName(name, 'te')) return readTe(value, hop)", '', 'TE travels on'],
    ["if (sameName(name, 'trailer')) return undefined", '', 'Trailer travels on'],
    [
      "if (first === P && sameName(name, 'proxy-connection')) return undefined",
      '',
      'Proxy-Connection travels on',
    ],
    [
      "if (first === P && sameName(name, 'proxy-authorization')) return undefined",
      '',
      'Proxy-Authorization travels on',
    ],
    ["if (first === H && sameName(name, 'http2-settings')) return undefined", '', 'HTTP2-Settings travel on'],
    [
      "if (first === F && sameName(name, 'forwarded')) hop.managed = true",
      '',
      'a spoofed Forwarded travels on',
    ],
    [
      'if ((first === X && name.length >= 8) || underscore) hop.managed = true',
      'if (first === X && name.length >= 8) hop.managed = true',
      'look-alikes with underscores travel on',
    ],
    ["if (++count > maxFields) return 'too-many'", '', 'any number of fields'],
    [
      "else if (option !== '' && option !== 'te' && option !== 'trailer') (hop.nominated ??= []).push(option)",
      '',
      'nominated fields travel on',
    ],
    ['option.trim().toLowerCase()', 'option', 'Connection is compared with its blanks and case'],
  ),
  ...of(
    'src/proxy/http1/bytes.ts',
    ['fill(1, 32).fill(0, 127, 128)', 'fill(1, 32)', 'DEL in a value'],
    ['new Uint8Array(256).fill(1, 32)', 'new Uint8Array(256).fill(1, 14)', 'control bytes in a value'],
    ['.fill(PLAIN, 33, 127)', '.fill(PLAIN, 33)', 'bytes beyond ASCII in a target'],
    ["for (const c of '#\\\\') TARGET", "for (const c of '\\\\') TARGET", 'a fragment in a target'],
    ["for (const c of '#\\\\') TARGET", "for (const c of '#') TARGET", 'a backslash in a target'],
  ),
  ...of(
    'src/proxy/http1/request-head.ts',
    ["if (version === 'other') return 'VN'", '', 'HTTP/2.0 in a request line'],
    [
      "if (named === undefined) {\n    if (request.version === '1.1') return 'BR'\n",
      'if (named === undefined) {\n',
      'HTTP/1.1 without Host',
    ],
    [
      'else if (namedHost === undefined) return',
      'else if (false) return',
      'any Host besides an absolute target',
    ],
    [
      "if (request.authority !== named) request.headers.set('Host', request.authority)",
      '',
      'an absolute target leaves Host as it was',
    ],
    [
      "if (hop.transferEncoding && (hop.contentLength >= 0 || request.version === '1.0')) return 'BR'",
      "if (hop.transferEncoding && request.version === '1.0') return 'BR'",
      'both framings at once',
    ],
    [
      "if (hop.transferEncoding && (hop.contentLength >= 0 || request.version === '1.0')) return 'BR'",
      "if (hop.transferEncoding && hop.contentLength >= 0) return 'BR'",
      'Transfer-Encoding in HTTP/1.0',
    ],
    ["return request.method === 'OPTIONS' ? undefined : 'BR'", 'return undefined', 'GET *'],
    ["if (method === 'CONNECT') return 'MN'", '', 'CONNECT is taken for a request like others'],
    [
      'request.path = limits.sanitizePath ? form : path',
      'request.path = path',
      'what is compared is not in normal form',
    ],
    ["if (at - targetStart > limits.maxTargetLength) return 'UL'", '', 'targets of any length'],
  ),
  ...of(
    'src/proxy/http1/normal-path.ts',
    ['high > 15 || low > 15 || (high === 0 && low === 0)', 'high > 15 || low > 15', '%00 in a path'],
    ["if (segment === '..') kept.pop()", '', '`..` is dropped and not followed'],
  ),
  ...of(
    'src/proxy/http1/authority.ts',
    ['Number(port) <= 65_535', 'Number(port) <= 99_999', 'a port beyond 65535'],
    [
      "return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower",
      'return lower',
      'a trailing dot walks around a rule',
    ],
  ),
  ...of(
    'src/proxy/http1/nominated.ts',
    ["'host', 'content-length', 'transfer-encoding'", "'host'", 'Connection may nominate framing fields'],
    ["  'authorization',\n", '', 'a client has Authorization dropped'],
  ),
  ...of(
    'src/proxy/http1/chunked-decoder.ts',
    ['if (this.#digits === 0) return false', '', 'an empty chunk size is 0'],
    ['return ++this.#digits <= MAX_SIZE_DIGITS', 'return true', 'a chunk size may overflow'],
    [
      'if (byte !== LF) return -1\n        this.#total',
      'this.#total',
      'any byte behind the CR of a chunk size',
    ],
    ['return byte === CR ? at + 1 : -1', 'return at + 1', 'any byte behind the data of a chunk'],
    ['return byte === LF ? at + 1 : -1', 'return at + 1', 'any second byte behind the data of a chunk'],
    [
      'next === undefined || ++this.#extensionBytes > MAX_EXTENSION_BYTES',
      'next === undefined',
      'extensions without end',
    ],
    [' || hop.contentLength >= 0 || hop.transferEncoding)', ')', 'framing fields as trailers'],
    ["  'authorization',\n", '', 'Authorization as a trailer'],
    [".toLowerCase().replaceAll('_', '-')", '.toLowerCase()', 'look-alikes as trailers'],
  ),
  ...of(
    'src/proxy/http1/chunk-extension.ts',
    [
      "if (byte === QUOTE) return 'behind quotes'\n",
      "if (byte === QUOTE) return 'behind quotes'\n      if (byte === CR) return 'end'\n",
      'a quoted extension ends with its line',
    ],
    [
      "return VALUE[byte] === 1 ? 'quoted' : undefined\n    case 'escape'",
      "return 'quoted'\n    case 'escape'",
      'a line end within quotes belongs to them',
    ],
  ),
  ...of(
    'src/proxy/http1/response-head.ts',
    [
      'if (hop.transferEncoding && (hop.contentLength >= 0 || minor === 0)) return undefined',
      '',
      'answers with both framings',
    ],
    ['hundreds < 1 ||', 'hundreds < 0 ||', 'a status below 100'],
    ['if (bytes[at] !== SP && bytes[at] !== CR) return undefined', '', 'a status of four digits'],
    [
      'if (hop.nominated !== undefined) for (const name of hop.nominated) headers.delete(name)',
      '',
      'fields of the endpoint’s hop travel on',
    ],
  ),
  ...of('src/proxy/http1/body-reader.ts', [
    'const end = Math.min(bytes.length, at + this.#left)',
    'const end = bytes.length',
    'a body takes the next request along',
  ]),
  ...of(
    'src/proxy/http1/message-writer.ts',
    [
      '${head}${chunk.length.toString(16)}',
      '${head}${chunk.length.toString(10)}',
      'first chunk sizes in decimal',
    ],
    ['(`${chunk.length.toString(16)}', '(`${chunk.length.toString(10)}', 'chunk sizes in decimal'],
    ['this.#trailersWanted && body.trailers', 'body.trailers', 'trailers for those who do not take them'],
    [
      'else if (body.error) this.#break(body, body.error)',
      'else if (body.error) this.#finish(body)',
      'a body that broke off ends like a whole one',
    ],
  ),
  ...of(
    'src/proxy/http1/connection-terms.ts',
    [
      "if (hop.expect !== undefined && hop.expect.toLowerCase() !== '100-continue') return 'EX'",
      '',
      'unknown expectations are met by silence',
    ],
    ['return hop.close || ', 'return ', 'what follows Connection: close is answered'],
    [
      "return upgrade.toLowerCase() === 'websocket' ? upgrade : undefined",
      'return upgrade',
      'any protocol may be upgraded to',
    ],
    ['if (hop.chunked || hop.contentLength > 0) return undefined', '', 'an upgrade with a body'],
  ),
  ...of(
    'src/proxy/http1/client-exchange.ts',
    [
      'if (this.#reader !== null || this.#host.stopping() || endsWithConnection',
      'if (endsWithConnection',
      'an early answer leaves the connection open',
    ],
    [
      "if (request.version === '1.1') request.onInformation",
      'request.onInformation',
      'interim answers to HTTP/1.0',
    ],
  ),
  ...of('src/proxy/http1/answer.ts', [
    "return length === undefined && version === '1.1'",
    'return length === undefined',
    'chunks for HTTP/1.0',
  ]),
  ...of(
    'src/proxy/upstream/connection.ts',
    [
      "if (this.#request!.method === 'HEAD' || head.status === 204 || head.status === 304)",
      "if (this.#request!.method === 'HEAD' || head.status === 304)",
      'a body behind 204',
    ],
    [
      '      if (at < bytes.length) this.#reusable = false\n      this.#onResponseComplete()\n    } else if (at < bytes.length && !this.#readBody',
      '      this.#onResponseComplete()\n    } else if (at < bytes.length && !this.#readBody',
      'bytes behind a bodiless answer poison the next one',
    ],
    [
      '      if (next < bytes.length) this.#reusable = false\n',
      '',
      'bytes behind a body poison the next answer',
    ],
    ['if (this.#writer.busy) this.#reusable = false', '', 'the rest of a request is read as the next one'],
    ['!hop.close && (head', '(head', 'a connection that the endpoint closes is used again'],
    [
      'if (!agreed || this.#writer.busy) {',
      'if (this.#writer.busy) {',
      '101 to another protocol is a tunnel',
    ],
    ['if (head.status !== 100) this.#exchange!', 'this.#exchange!', '100 of the endpoint reaches the client'],
    ['if (++this.#information > MAX_INFORMATION)', 'if (false)', 'interim answers without end'],
    [
      "else this.#discard(new Error('endpoint closed the connection within its response'))",
      'else { this.#reader?.body.end(); this.#discard(undefined) }',
      'a truncated answer looks whole',
    ],
    [
      "return this.#partial !== null || this.#information > 0 ? 'partial' : 'broken'",
      "return 'broken'",
      'what was answered in part is sent again',
    ],
  ),
  ...of(
    'src/proxy/upstream/request-head.ts',
    [
      "if (body === null) return EXPECTING_BODY.has(method) ? 'Content-Length: 0\\r\\n' : ''",
      "if (body === null) return ''",
      'POST without a body says nothing of it',
    ],
    ['if (passHostHeader) return fieldsText(headers)\n', '', 'the endpoint gets its own Host'],
    [
      "return trailers ? 'Connection: TE\\r\\nTE: trailers\\r\\n' : ''",
      "return ''",
      'the endpoint is not told of trailers',
    ],
    ['to.pathPrefix + path + request.query', 'to.pathPrefix + path', 'the query is lost'],
  ),
  ...of(
    'src/proxy/forwarded-headers.ts',
    ["  'x-real-ip',\n", '', 'a spoofed X-Real-Ip travels on'],
    ["  'x-forwarded-tls-client-cert',\n", '', 'a spoofed client certificate travels on'],
    ["  'transfer-encoding',\n", '', 'Transfer_Encoding travels on'],
    ['return !believed && MANAGED.has(lower)', 'return false', 'nobody’s X-Forwarded fields are removed'],
    ["const plain = lower.replaceAll('_', '-')", 'const plain = lower', 'look-alikes are not seen'],
    [
      "[...before, request.clientAddress].join(', ')",
      "before.join(', ')",
      'the client’s address is not appended',
    ],
    [
      'removeSpoofed(request, believed)\n',
      'removeSpoofed(request, true)\n',
      'who names a forwarded field is believed',
    ],
    [
      '(trusted !== undefined && contains(trusted, request.clientAddress))',
      'trusted !== undefined',
      'with any trusted range everybody is trusted',
    ],
  ),
]
