import assert from 'node:assert/strict'
import { test } from 'node:test'
import requestId from '../../src/middlewares/request-id.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest, makeResponse } from './make-middleware.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`

/** What the service gets in a field. */
function sent(
  options: Record<string, unknown>,
  headers: string[],
  field = 'X-Request-Id',
): string | undefined {
  const request = makeRequest({ headers })
  answerNow(makeMiddleware(requestId, options), request)
  assert.equal(request.headers.getAll(field).length, request.headers.has(field) ? 1 : 0)
  return request.headers.get(field)
}

test('each request has an id of its own', () => {
  const ids = [sent({}, []), sent({}, [])]
  for (const id of ids) assert.match(id ?? '', UUID)
  assert.notEqual(ids[0], ids[1])
})

test('a client’s id is taken out unless it is trusted', () => {
  assert.match(sent({}, ['X-Request-Id', 'mine', 'x-request-id', 'again']) ?? '', UUID)
  assert.equal(sent({ trustIncoming: true }, ['X-Request-Id', 'mine']), 'mine')
})

for (const id of ['', 'a b', 'a"b', 'a\u00e9', 'x'.repeat(129), 'a{b}']) {
  test(`an id that may do harm in logs is not kept: ${JSON.stringify(id.slice(0, 10))}`, () => {
    assert.match(sent({ trustIncoming: true }, ['X-Request-Id', id]) ?? '', UUID)
  })
}

test('the id of a trace is the request’s id', () => {
  assert.equal(sent({}, ['traceparent', TRACEPARENT]), TRACE)
})

for (const wrong of [
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-${TRACE}-0000000000000000-01`,
  `ff-${TRACE}-00f067aa0ba902b7-01`,
  `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
  `00-${TRACE}-00f067aa0ba902b7`,
  'x',
]) {
  test(`no trace: ${wrong}`, () => {
    assert.match(sent({}, ['traceparent', wrong]) ?? '', UUID)
    const begun = sent({ traceContext: true }, ['traceparent', wrong, 'tracestate', 'a=b'], 'traceparent')
    assert.match(begun ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    assert.equal(
      sent({ traceContext: true }, ['traceparent', wrong, 'tracestate', 'a=b'], 'tracestate'),
      undefined,
    )
  })
}

test('a sound trace context is passed on as it is', () => {
  const headers = ['traceparent', TRACEPARENT, 'tracestate', 'a=b']
  assert.equal(sent({ traceContext: true }, headers, 'traceparent'), TRACEPARENT)
  assert.equal(sent({ traceContext: true }, headers, 'tracestate'), 'a=b')
})

test('the client learns the id, unless told otherwise', () => {
  const request = makeRequest()
  const middleware = makeMiddleware(requestId, { headerName: 'Trace-Me' })
  answerNow(middleware, request)
  const response = makeResponse(['Trace-Me', 'the service’s'])
  void middleware.response?.(response, request)
  assert.deepEqual(response.headers.getAll('Trace-Me'), [request.headers.get('Trace-Me')])
  assert.ok(!('response' in makeMiddleware(requestId, { responseHeader: false })))
})

test('refuses what is no name of a field', () => {
  for (const headerName of ['', 'a b', 'a:b', 'a\r\n'])
    assert.match(complaintAbout(requestId, { headerName }) ?? '', /no name of a header field/)
})
