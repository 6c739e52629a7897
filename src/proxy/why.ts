/**
 * Every answer that the proxy makes itself, by its why-code: sent as the header `Tidegate-Why`, written to the
 * access log, counted. Two letters, in the manner of Envoy's response flags.
 */
export const WHY = {
  BR: { status: 400, text: 'Bad Request', meaning: 'the request is not valid HTTP/1.1, or is ambiguous' },
  LR: { status: 508, text: 'Loop Detected', meaning: 'the request has already passed through this proxy' },
  AU: { status: 401, text: 'Unauthorized', meaning: 'a middleware asks for credentials' },
  AR: { status: 401, text: 'Unauthorized', meaning: 'the authentication server refuses the request' },
  FB: { status: 403, text: 'Forbidden', meaning: 'a middleware refuses the client' },
  NR: { status: 404, text: '404 page not found', meaning: 'no router matches the request' },
  MN: { status: 405, text: 'Method Not Allowed', meaning: 'CONNECT, which is not served' },
  RT: { status: 408, text: 'Request Timeout', meaning: 'the client was too slow to send its request' },
  BL: { status: 413, text: 'Content Too Large', meaning: 'the request body is over the limit' },
  UL: { status: 414, text: 'URI Too Long', meaning: 'the request target is over the limit' },
  EX: { status: 417, text: 'Expectation Failed', meaning: 'an expectation other than 100-continue' },
  CI: { status: 429, text: 'Too Many Requests', meaning: 'the client has too many connections open' },
  RL: { status: 429, text: 'Too Many Requests', meaning: 'a rate or concurrency limit was reached' },
  HL: { status: 431, text: 'Request Header Fields Too Large', meaning: 'the request head is over the limit' },
  DC: { status: 499, text: 'Client Closed Request', meaning: 'the client went away before the answer' },
  SR: { status: 499, text: 'Client Too Slow', meaning: 'the client was too slow to take its answer' },
  RB: { status: 500, text: 'Internal Server Error', meaning: 'the response body is over the limit' },
  AE: {
    status: 500,
    text: 'Internal Server Error',
    meaning: 'the authentication server could not be asked, or its answer could not be used',
  },
  IE: { status: 500, text: 'Internal Server Error', meaning: 'a middleware or plugin failed' },
  NS: {
    status: 500,
    text: 'Internal Server Error',
    meaning: 'a limit cannot tell by whom a request was sent',
  },
  TE: { status: 501, text: 'Not Implemented', meaning: 'a transfer coding other than chunked' },
  UF: { status: 502, text: 'Bad Gateway', meaning: 'no endpoint could be connected to' },
  UV: {
    status: 502,
    text: 'Bad Gateway',
    meaning: 'no secure connection to the endpoint: its certificate is not trusted, or TLS was not agreed on',
  },
  UC: { status: 502, text: 'Bad Gateway', meaning: 'the endpoint closed the connection without an answer' },
  UP: {
    status: 502,
    text: 'Bad Gateway',
    meaning: 'the endpoint answered something that is not valid HTTP/1.1',
  },
  UH: { status: 503, text: 'no available server', meaning: 'the service has no endpoint that may be used' },
  OV: { status: 503, text: 'Service Unavailable', meaning: 'the proxy is over its soft limit' },
  CL: { status: 503, text: 'Service Unavailable', meaning: 'the entry point has too many connections open' },
  QF: { status: 503, text: 'Service Unavailable', meaning: 'all endpoints are busy and the queue is full' },
  QT: { status: 503, text: 'Service Unavailable', meaning: 'no endpoint became free in time' },
  SD: { status: 503, text: 'Service Unavailable', meaning: 'the proxy is stopping' },
  CB: { status: 503, text: 'Service Unavailable', meaning: 'a circuit breaker is open' },
  DT: { status: 504, text: 'Gateway Timeout', meaning: 'connecting to the endpoint took too long' },
  UT: { status: 504, text: 'Gateway Timeout', meaning: 'the endpoint took too long to answer' },
  VN: { status: 505, text: 'HTTP Version Not Supported', meaning: 'a version other than HTTP/1.0 and 1.1' },
  RD: { status: 302, text: 'Found', meaning: 'a middleware redirects the client' },
  PF: { status: 200, text: 'OK', meaning: 'a CORS preflight answered by a middleware' },
  PG: { status: 200, text: 'OK', meaning: 'the ping page' },
  PM: { status: 200, text: 'OK', meaning: 'the metrics page' },
} as const satisfies Record<string, { status: number; text: string; meaning: string }>

export type WhyCode = keyof typeof WHY

/** Those that are over in a moment: their answers say when to try again. */
export const RETRY_LATER: ReadonlySet<WhyCode> = new Set(['CI', 'CL', 'OV', 'QF', 'QT'])

/** The codes in a fixed order: their index is the counter slot. */
export const WHY_CODES = Object.keys(WHY) as readonly WhyCode[]
