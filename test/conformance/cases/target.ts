import { ownFields } from '../../support/engine.ts'
import type { Case } from '../case.ts'
import { get, passed, refused, sent, sentGet } from '../case.ts'

/** `GET` of this path for the host that the target names. */
function sentTo(host: string, path: string, port?: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${ownFields(host, port)}\r\n`
}

function hosted(host: string): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`
}

/** RFC 9112 §3.2, RFC 9110 §7.2: what is asked for, and whose it is. */
export const TARGET: readonly Case[] = [
  // Host.
  refused('no Host', 'GET / HTTP/1.1\r\n\r\n'),
  refused('no Host, other fields', 'GET / HTTP/1.1\r\nX: Host\r\n\r\n'),
  refused('empty Host', hosted('')),
  refused('two equal Hosts', get('Host: a\r\n')),
  refused('two different Hosts', get('host: b\r\n')),
  ...[
    'a, b',
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'u@a',
    'u:p@a',
    'http://a',
    'a:b',
    'a:',
    ':80',
    'a:65536',
    'a:1:2',
    '[::1',
    '::1',
    'a\xe9',
    'a%4',
  ]
    .filter((host) => host !== 'a:')
    .map((host) => refused(`Host: ${host}`, hosted(host))),
  ...[
    ['A', undefined],
    ['a.', undefined],
    ['a:81', '81'],
    ['[::1]:81', '81'],
    ['127.0.0.1', undefined],
  ].map(([host, port]) =>
    passed(`Host: ${host} is passed on as it came`, hosted(host!), sentTo(host!, '/', port)),
  ),
  {
    name: 'Host is compared in lower case, without port and dot',
    send: hosted('A.:81'),
    engine: { routers: { a: { rule: 'Host(`a`)' } } },
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    upstream: sentTo('A.:81', '/', '81'),
    fate: ['kept', 'kept'],
  },
  // Absolute form: its authority replaces Host.
  passed('absolute-form', get('', 'http://a/x?y'), sentTo('a', '/x?y')),
  passed('absolute-form of another host', get('', 'http://b/x'), sentTo('b', '/x')),
  passed('absolute-form with a port', get('', 'http://b:81/'), sentTo('b:81', '/', '81')),
  passed('absolute-form without a path', get('', 'http://b'), sentTo('b', '/')),
  passed('absolute-form with a query alone', get('', 'http://b?x'), sentTo('b', '/?x')),
  passed('absolute-form in capitals', get('', 'HTTP://b/x'), sentTo('b', '/x')),
  passed('absolute-form of https', get('', 'https://b/x'), sentTo('b', '/x')),
  passed('absolute-form with dot segments', get('', 'http://b/x/../y'), sentTo('b', '/y')),
  refused('absolute-form without a host', get('', 'http:///x')),
  refused('absolute-form with a user', get('', 'http://u@b/x')),
  refused('absolute-form with a bad port', get('', 'http://b:x/')),
  refused('absolute-form of another scheme', get('', 'ftp://b/x')),
  refused('absolute-form without Host', 'GET http://b/x HTTP/1.1\r\n\r\n'),
  refused('absolute-form with a bad Host', 'GET http://b/x HTTP/1.1\r\nHost: a/b\r\n\r\n'),
  {
    name: 'absolute-form is routed by its own host',
    send: get('', 'http://b/x'),
    engine: { routers: { b: { rule: 'Host(`b`) || Path(`/probe`)' } } },
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    upstream: sentTo('b', '/x'),
    fate: ['kept', 'kept'],
  },
  // Other forms.
  refused('CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 'MN'),
  refused('CONNECT without a port', 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n', 'MN'),
  refused('CONNECT with an empty port', 'CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n', 'MN'),
  refused('CONNECT with a path', 'CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n', 'MN'),
  refused('CONNECT with a body', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', 'MN'),
  refused('GET *', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('OPTIONS **', 'OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('authority-form without CONNECT', 'GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a target that is a word', get('', 'x')),
  ...['*', 'http://a'].map((target) =>
    passed(
      `OPTIONS ${target}`,
      `OPTIONS ${target} HTTP/1.1\r\nHost: a\r\n\r\n`,
      sent('OPTIONS *'),
      // A path rule never matches `*`.
      { routers: { all: { rule: 'Host(`a`)' } } },
    ),
  ),
  // Bytes of the target.
  ...[
    ['fragment', '/a#b'],
    ['backslash', '/a\\b'],
    ['NUL', '/\0'],
    ['control byte', '/\x1f'],
    ['DEL', '/\x7f'],
    ['byte beyond ASCII', '/caf\xc3\xa9'],
    ['overlong UTF-8', '/\xc0\xaf'],
    ['LF', '/a\nb'],
    ['CR', '/a\rb'],
    ['%00', '/a%00b'],
    ['broken escape', '/a%zz'],
    ['cut escape', '/a%4'],
  ].map(([name, target]) => refused(`target with ${name}`, get('', target))),
  refused('fragment behind a query', get('', '/a?b#c')),
  ...[
    ['dot segments', '/x/./y/../z', '/x/z'],
    ['dot segments beyond the root', '/../../x', '/x'],
    ['dot segments in escapes', '/x/%2e%2E/y', '/y'],
    ['empty segments', '//x///y', '/x/y'],
    ['a dot segment at the end', '/x/y/..', '/x/'],
    ['escapes of letters', '/%61%7e%5f', '/a~_'],
    ['small escapes', '/%c3%a9', '/%C3%A9'],
    ['%2F', '/a%2fb', '/a%2Fb'],
    ['%5C', '/a%5cb', '/a%5Cb'],
    ['%0D%0A', '/a%0d%0aX:b', '/a%0D%0AX:b'],
    ['an escaped percent sign', '/%252e', '/%252e'],
    ['a query of anything', '/?a=%zz&../b//c?{|}"<>^`', '/?a=%zz&../b//c?{|}"<>^`'],
    ['an empty query', '/x?', '/x?'],
    ['semicolons and brackets', '/x;y=[1]', '/x;y=[1]'],
  ].map(([name, target, path]) => passed(`target with ${name}`, get('', target), sentGet('', path))),
  {
    name: 'what guards a path guards all its spellings',
    send: get('', '/%61dmin/../admin//x'),
    engine: { routers: { all: { rule: 'PathPrefix(`/admin`) || Path(`/probe`)' } } },
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    upstream: sentGet('', '/admin/x'),
    fate: ['kept', 'kept'],
  },
]
