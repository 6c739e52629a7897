import assert from 'node:assert/strict'
import { mkdtempDisposableSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Logger } from '../../src/telemetry/log.ts'
import { createLogger, parseLogLevel } from '../../src/telemetry/log.ts'

function logged(format: 'common' | 'json', write: (log: Logger) => void, level = 'DEBUG'): string {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tidegate-log-'))
  const filePath = join(folder.path, 'sub', 'tidegate.log')
  write(createLogger({ level, format, filePath }))
  return readFileSync(filePath, 'utf8')
}

const levels: [string, string | undefined][] = [
  ['TRACE', 'trace'],
  ['debug', 'debug'],
  ['Info', 'info'],
  ['WARN', 'warn'],
  ['error', 'error'],
  ['FATAL', 'fatal'],
  ['panic', 'fatal'],
  ['verbose', undefined],
]
for (const [name, expected] of levels) {
  test(`level ${name}`, () => assert.equal(parseLogLevel(name), expected))
}

test('json: one object per line, written before the call returns', () => {
  const text = logged('json', (log) => log.info('hello', { provider: 'file' }))
  const { time, ...rest } = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual(rest, { level: 'info', provider: 'file', msg: 'hello' })
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('common: readable, without colours in a file', () => {
  const text = logged('common', (log) => log.child({ provider: 'file' }).warn('hello', { part: 'a.yml' }))
  assert.match(text, /^\[[^\]]+\] WARN: hello \{"provider":"file","part":"a\.yml"\}\n$/)
})

test('common: nothing can end a line or command a terminal', () => {
  const hostile = 'a\n[2026] ERROR: fake\u001b[2J\u009b2J\u2028'
  const text = logged('common', (log) => log.info(hostile, { value: hostile, [hostile]: 1 }))
  assert.equal(text.split('\n').length, 2)
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u2028]/u)
})

const secrets: [string, Record<string, unknown>, string][] = [
  ['a token', { token: 'hunter2' }, '"token":"***"'],
  ['a header', { headers: { Authorization: 'Bearer hunter2' } }, '"headers":{"Authorization":"***"}'],
  ['in a list', { endpoints: [{ password: 'hunter2' }] }, '"endpoints":[{"password":"***"}]'],
  ['a URL', { url: 'redis://user:hunter2@host/' }, '"url":"redis://user:***@host/"'],
  ['any kind of key', { secretAccessKey: 'hunter2' }, '"secretAccessKey":"***"'],
  ['a map', { options: new Map([['apiKey', 'hunter2']]) }, '"options":{"apiKey":"***"}'],
  ['an error', { e: new Error('http://u:hunter2@h/') }, '"message":"http://u:***@h/"'],
]
for (const [name, fields, expected] of secrets) {
  test(`secrets are not shown: ${name}`, () => {
    const text = logged('json', (log) => log.error('x', fields))
    assert.ok(text.includes(expected), text)
    assert.equal(text.includes('hunter2'), false)
  })
}

test('secrets are not shown in messages and fields of children', () => {
  const text = logged('json', (log) => log.child({ token: 'hunter2' }).error('http://u:hunter2@host'))
  assert.equal(text.includes('hunter2'), false)
})

test('fields that go round in circles, and big numbers, are logged', () => {
  const circle: Record<string, unknown> = { n: 10n }
  circle.self = circle
  assert.match(
    logged('json', (log) => log.error('x', circle)),
    /"n":"10"/,
  )
})

test('the level decides, and can be changed for all', () => {
  const text = logged(
    'json',
    (log) => {
      const child = log.child({ a: 1 })
      child.info('hidden')
      log.level = 'debug'
      assert.equal(child.level, 'debug')
      child.debug('shown')
    },
    'warn',
  )
  assert.match(text, /^[^\n]*"msg":"shown"[^\n]*\n$/)
})

test('a rotated file is opened anew', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tidegate-log-'))
  const filePath = join(folder.path, 'a.log')
  const log = createLogger({ level: 'INFO', format: 'json', filePath })
  log.info('one')
  renameSync(filePath, `${filePath}.1`)
  log.info('two')
  log.reopen()
  log.info('three')
  const messages = (path: string): string[] =>
    [...readFileSync(path, 'utf8').matchAll(/"msg":"(\w+)"/g)].map(([, m]) => m!)
  assert.deepEqual(messages(`${filePath}.1`), ['one', 'two'])
  assert.deepEqual(messages(filePath), ['three'])
})

test('a file that cannot be opened is an error at start', () => {
  assert.throws(() => createLogger({ level: 'INFO', filePath: '/proc/nowhere/a.log' }), { code: /^E/ })
})

test('a full disk is not fatal', () => {
  const log = createLogger({ level: 'INFO', format: 'json', filePath: '/dev/full' })
  log.error('lost')
})
