import assert from 'node:assert/strict'
import { existsSync, mkdtempDisposableSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LineWriter, wholeLines } from '../../src/telemetry/line-writer.ts'
import { LineMemory } from '../../src/telemetry/shared-lines.ts'
import type { SharedLines } from '../../src/telemetry/shared-lines.ts'
import { SyncSink } from '../../src/telemetry/sync-sink.ts'
import { until } from '../support/until.ts'
import { pipe } from './pipe.ts'

function folder() {
  return mkdtempDisposableSync(join(tmpdir(), 'tidegate-lines-'))
}

function numbered(count: number, from = 0, padding = ''): string {
  return Array.from({ length: count }, (_, i) => `line ${from + i} ${padding}\n`).join('')
}

test('appends whole lines to a file, making its folder', async () => {
  using place = folder()
  const filePath = join(place.path, 'sub', 'access.log')
  await using writer = new LineWriter({ filePath })
  writer.write('one\ntwo\n')
  writer.write('three\n')
  await writer.close()
  assert.equal(readFileSync(filePath, 'utf8'), 'one\ntwo\nthree\n')
  assert.equal(writer.dropped, 0)
})

test('gathers as many lines as it is told', async () => {
  using place = folder()
  const filePath = join(place.path, 'access.log')
  await using writer = new LineWriter({ filePath, bufferingSize: 3 })
  writer.write('one\ntwo\n')
  writer.write('three\n')
  writer.write('four\n')
  await until(
    'three lines',
    () => existsSync(filePath) && readFileSync(filePath, 'utf8') === 'one\ntwo\nthree\n',
  )
  await writer.close()
  assert.equal(readFileSync(filePath, 'utf8'), 'one\ntwo\nthree\nfour\n')
})

/** Lines in memory of a worker's, and whether that has it back. */
function lent(memory: LineMemory, text: string): { lines: SharedLines; back: () => boolean } {
  const piece = memory.take(text.length)
  const lines = { memory: piece.memory, length: piece.bytes.write(text) }
  return { lines, back: () => piece.state[0] === 0 }
}

test('lines of a worker are written in order, and their memory is given back when they are', async () => {
  using place = folder()
  const filePath = join(place.path, 'access.log')
  await using writer = new LineWriter({ filePath })
  const memory = new LineMemory(100_000)
  const batches = Array.from({ length: 20 }, (_, i) => lent(memory, numbered(500, i * 500)))
  for (const { lines } of batches.slice(0, 10)) writer.take(lines)
  writer.write('between\n')
  for (const { lines } of batches.slice(10)) writer.take(lines)
  assert.ok(!batches.at(-1)!.back())
  await until('the memory', () => batches.every(({ back }) => back()))
  await writer.close()
  assert.equal(readFileSync(filePath, 'utf8'), `${numbered(5_000)}between\n${numbered(5_000, 5_000)}`)
})

const gatherings: [name: string, options: { bufferingSize?: number; maxWaiting?: number }, lost: number][] = [
  ['gathered', { bufferingSize: 1_000 }, 0],
  ['lost', { maxWaiting: 1 }, 2],
]
for (const [name, options, lost] of gatherings) {
  test(`memory of lines that are ${name} is given back at once`, async () => {
    using place = folder()
    const filePath = join(place.path, 'access.log')
    await using writer = new LineWriter({ filePath, ...options })
    const { lines, back } = lent(new LineMemory(100), 'one\ntwo\n')
    writer.take(lines)
    assert.ok(back())
    await writer.close()
    assert.equal(writer.dropped, lost)
    assert.equal(readFileSync(filePath, 'utf8'), lost > 0 ? '' : 'one\ntwo\n')
  })
}

test('a rotated file is opened anew, and no line is lost', async () => {
  using place = folder()
  const filePath = join(place.path, 'access.log')
  await using writer = new LineWriter({ filePath })
  writer.write('one\n')
  await until('a line', () => readFileSync(filePath, 'utf8') === 'one\n')
  renameSync(filePath, `${filePath}.1`)
  writer.write('two\n')
  writer.reopen()
  await until('a new file', () => existsSync(filePath))
  writer.write('three\n')
  await writer.close()
  const all = readFileSync(`${filePath}.1`, 'utf8') + readFileSync(filePath, 'utf8')
  assert.equal(all, 'one\ntwo\nthree\n')
  assert.match(readFileSync(filePath, 'utf8'), /three\n$/)
})

test('a full disk is reported once, counted, and never fatal', async () => {
  const reports: string[] = []
  await using writer = new LineWriter({
    filePath: '/dev/full',
    maxWaiting: 100,
    report: (message) => void reports.push(message),
  })
  writer.write('one\n')
  await until('an error', () => writer.errors > 0)
  const errors = writer.errors
  writer.write('two\n')
  await until('another error', () => writer.errors > errors)
  assert.equal(reports.length, 1)
  assert.match(reports[0]!, /cannot be written: ENOSPC/)
  for (let i = 0; i < 40; i++) writer.write(`line ${i}\n`)
  assert.ok(writer.dropped >= 25, String(writer.dropped))
})

test('a stuck reader costs lines and nothing else, and only whole ones', async () => {
  using stuck = pipe()
  const reports: string[] = []
  await using writer = new LineWriter({
    fd: stuck.writer,
    maxWaiting: 100_000,
    report: (message) => void reports.push(message),
  })
  const padding = 'x'.repeat(1_000)
  const count = 1_000
  for (let i = 0; i < count; i++) writer.write(numbered(1, i, padding))
  const lost = writer.dropped
  assert.ok(lost > 0)
  assert.match(reports[0]!, /some are dropped/)
  let read = ''
  await until('all lines', () => {
    read += stuck.read()
    return read.split('\n').length - 1 === count - lost
  })
  assert.ok(read.split('\n').every((line) => line === '' || /^line \d+ x{1000}$/.test(line)))
  writer.write('after\n')
  await until('a line', () => stuck.read().endsWith('after\n'))
  assert.match(reports[1]!, new RegExp(`written again; ${lost} lines are lost`))
})

test('closing gives up on a stuck reader, so that the process can end', async () => {
  using stuck = pipe()
  const writer = new LineWriter({ fd: stuck.writer })
  writer.write(numbered(3_000, 0, 'x'.repeat(100)))
  await writer.close(50)
  writer.write('late\n')
  assert.equal(writer.dropped, 1)
})

test('a file that cannot be opened is an error at start', () => {
  assert.throws(() => new LineWriter({ filePath: '/proc/nowhere/a.log' }), { code: /^E/ })
})

const cuts: [string, string, number, string[]][] = [
  ['what fits stays whole', 'a\nb\n', 10, ['a\nb\n']],
  ['cut at line ends', 'aaaa\nbbbb\ncccc\n', 10, ['aaaa\nbbbb\n', 'cccc\n']],
  ['a long line stays whole', 'a\nbbbbbbbbbbbbbb\nc\n', 10, ['a\n', 'bbbbbbbbbbbbbb\n', 'c\n']],
  ['bytes are counted', 'éééé\né\n', 10, ['éééé\n', 'é\n']],
  ['a last line without an end', 'aaaaaaaa\nbbbb', 10, ['aaaaaaaa\n', 'bbbb']],
]
for (const [name, lines, limit, expected] of cuts) {
  test(`pieces: ${name}`, () => {
    const pieces = wholeLines(Buffer.from(lines), limit)
    assert.deepEqual(pieces.map(String), expected)
  })
}

test('the log itself waits for a slow reader in bounds, and goes on when it reads again', async () => {
  using slow = pipe()
  const sink = new SyncSink({ fd: slow.writer, maxWaiting: 50_000 })
  const padding = 'x'.repeat(1_000)
  for (let i = 0; i < 200; i++) sink.write(numbered(1, i, padding))
  const lost = sink.dropped
  assert.ok(lost > 0 && lost < 200)
  let read = ''
  await until('all lines', () => {
    read += slow.read()
    return read.split('\n').length - 1 === 200 - lost
  })
  sink.write('after\n')
  assert.equal(slow.read(), 'after\n')
  sink.close()
})
