import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { request } from 'undici'
import { runToEnd, TidegateProcess } from './tidegate-process.ts'

const LISTENS = /listens on http:\/\/127\.0\.0\.1:(\d+)/
const SERVES = /serving: web on 127\.0\.0\.1:(\d+)/
const RUN = ['--entryPoints.web.address=127.0.0.1:0', '--workers=1', '--log.format=json']

test('main: a wrong variable ends with 1 before anything listens', async () => {
  const { code, out, err } = await runToEnd(RUN, { TIDEGATE_LOG_LEVLE: 'x' })
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.match(err, /did you mean `TIDEGATE_LOG_LEVEL`\?/)
})

test('main: an address in use ends with 1 and a sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  try {
    const { port } = other.address() as AddressInfo
    const { code, err } = await runToEnd([`--entryPoints.web.address=127.0.0.1:${port}`])
    assert.equal(code, 1)
    assert.match(err, /E501/)
    assert.match(err, /tidegate does not start\n$/)
  } finally {
    other.close()
  }
})

test('main: whoami finishes what is in flight on SIGTERM, and ends with 0', async () => {
  await using whoami = new TidegateProcess(['whoami', '--port=0', '--host=127.0.0.1', '--delay=300ms'])
  const [, port] = await whoami.says(LISTENS)
  const slow = httpRequest({ host: '127.0.0.1', port, headers: { Expect: '100-continue' } })
  // The interim answer proves that the request has arrived.
  slow.flushHeaders()
  await once(slow, 'continue')
  whoami.signal('SIGTERM')
  slow.end()
  const [response] = (await once(slow, 'response')) as [IncomingMessage]
  response.resume()
  assert.deepEqual([response.statusCode, response.headers.connection], [200, 'close'])
  assert.equal((await whoami.ended()).code, 0)
})

test('main: run serves, survives SIGHUP and SIGUSR1, and stops gracefully with 0', async () => {
  await using tidegate = new TidegateProcess([...RUN, '--ping.entryPoint=web'])
  const [, port] = await tidegate.says(SERVES)
  tidegate.signal('SIGUSR1')
  tidegate.signal('SIGHUP')
  await tidegate.says(/reading sources anew/)
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/ping`, { reset: true })
  assert.deepEqual([statusCode, await body.text()], [200, 'OK'])
  tidegate.signal('SIGTERM')
  const { code, err } = await tidegate.ended()
  assert.equal(code, 0)
  assert.ok(!err.includes('Debugger'), err)
})

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`main: a second ${signal} ends at once with ${expected}`, async () => {
    const flags = [
      '--ping.entryPoint=web',
      '--entryPoints.web.transport.lifeCycle.requestAcceptGraceTimeout=60s',
    ]
    await using tidegate = new TidegateProcess([...RUN, ...flags])
    await tidegate.says(SERVES)
    tidegate.signal(signal)
    await tidegate.says(/"stopping"/)
    tidegate.signal(signal)
    assert.equal((await tidegate.ended()).code, expected)
  })
}

test('main: listens to SIGUSR1 before anything is imported, since Node would open its inspector', () => {
  const source = readFileSync(new URL('../../src/main.ts', import.meta.url), 'utf8')
  assert.doesNotMatch(source, /^import\b/m)
  const statements = source.split('\n').filter((line) => line !== '' && !/^(?:\/\/|#!)/.test(line))
  assert.deepEqual(statements.slice(0, 2), [
    'const reopenListeners = new Set<() => void>()',
    "process.on('SIGUSR1', () => {",
  ])
})
