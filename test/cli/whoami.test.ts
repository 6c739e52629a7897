import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { request } from 'undici'
import { answerWhoami } from '../../src/cli/whoami-answer.ts'
import { listenOn } from './listen-on.ts'

async function ask(
  path: string,
  init: { method?: 'POST'; headers?: Record<string, string> } = {},
  closing = false,
) {
  const state = { name: 'first', delay: 0, closing: () => closing }
  const server = createServer((message, response) => answerWhoami(message, response, state))
  await using listening = await listenOn(server)
  const { statusCode, headers, body } = await request(`http://127.0.0.1:${listening.port}${path}`, init)
  return { port: listening.port, status: statusCode, headers, text: await body.text() }
}

test('whoami: what arrived, as text', async () => {
  const { port, status, text } = await ask('/a?b=c', { method: 'POST', headers: { 'X-Some': 'thing' } })
  assert.equal(status, 200)
  const lines = text.split('\n')
  assert.equal(lines[0], 'Name: first')
  assert.equal(lines[1], `Hostname: ${hostname()}`)
  assert.ok(lines.includes('IP: 127.0.0.1'))
  assert.match(text, /\nRemoteAddr: 127\.0\.0\.1:\d+\nPOST \/a\?b=c HTTP\/1\.1\n/)
  assert.match(text, new RegExp(`\nhost: 127\\.0\\.0\\.1:${port}\n`, 'i'))
  assert.ok(lines.includes('X-Some: thing'))
  assert.ok(text.endsWith('\n\n'))
})

test('whoami: the same as JSON', async () => {
  const { text } = await ask('/api', { headers: { 'X-Some': 'thing' } })
  const data = JSON.parse(text) as Record<string, unknown>
  assert.equal(data['hostname'], hostname())
  assert.equal(data['name'], 'first')
  assert.equal(data['url'], '/api')
  assert.equal(data['method'], 'GET')
  assert.deepEqual((data['headers'] as Record<string, unknown>)['X-Some'], ['thing'])
})

test('whoami: health', async () => {
  const { status, text } = await ask('/health')
  assert.deepEqual([status, text], [200, ''])
})

for (const wait of ['soon', '-1s', '11m']) {
  test(`whoami: wait=${wait} is refused`, async () => assert.equal((await ask(`/?wait=${wait}`)).status, 400))
}

test('whoami: on its way out, each answer is the last of its connection', async () => {
  assert.equal((await ask('/', {}, true)).headers['connection'], 'close')
})
