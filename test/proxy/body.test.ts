import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Body, BODY_HIGH_WATER } from '../../src/proxy/body.ts'
import type { BodyTap } from '../../src/proxy/body.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'

/** A body and what its producer was told, in order. */
function recorded(length?: number): { body: Body; told: string[] } {
  const told: string[] = []
  const body = new Body(length, {
    resume: () => told.push('resume'),
    cancel: () => told.push('cancel'),
    demand: () => told.push('demand'),
  })
  return { body, told }
}

function drained(body: Body): string {
  let text = ''
  for (let chunk = body.take(); chunk; chunk = body.take()) text += chunk.toString('latin1')
  return text
}

test('what is at hand can be taken at once', () => {
  const { body, told } = recorded(6)
  body.push(Buffer.from('abc'))
  body.push(Buffer.from('def'))
  assert.equal(body.buffered, 6)
  assert.ok(!body.done)
  body.end(new HeaderList(['X', 'y']))
  assert.ok(body.complete && !body.done)
  assert.equal(drained(body), 'abcdef')
  assert.ok(body.done)
  assert.deepEqual(body.trailers?.fields, ['X', 'y'])
  assert.deepEqual(told, ['demand'], 'asked for once, never told to go on, since it was never told to stop')
})

test('a producer is asked to pause when much waits, and to go on when half of it was taken', () => {
  const { body, told } = recorded()
  const piece = Buffer.alloc(BODY_HIGH_WATER / 4)
  assert.deepEqual(
    [1, 2, 3, 4].map(() => body.push(piece)),
    [true, true, true, false],
  )
  assert.ok(body.full)
  body.take()
  body.take()
  assert.deepEqual(told, ['demand'])
  body.take()
  assert.deepEqual(told, ['demand', 'resume'])
  assert.ok(!body.full)
})

test('waiting is one call, at once when there is something already', () => {
  const { body } = recorded()
  let woken = 0
  body.onReadable(() => woken++)
  assert.equal(woken, 0)
  body.push(Buffer.from('a'))
  body.push(Buffer.from('b'))
  assert.equal(woken, 1)
  body.onReadable(() => woken++)
  assert.equal(woken, 2)
  drained(body)
  body.onReadable(() => woken++)
  body.end()
  assert.equal(woken, 3)
})

test('a body that breaks off never looks complete', async () => {
  const { body } = recorded(5)
  body.push(Buffer.from('abc'))
  body.fail(new Error('cut'))
  assert.ok(!body.complete && !body.done)
  assert.equal(drained(body), 'abc')
  assert.ok(!body.done)
  await assert.rejects(Array.fromAsync(body), /cut/)
})

test('what is complete cannot break off any more', () => {
  const { body } = recorded(1)
  body.push(Buffer.from('a'))
  body.end()
  body.fail(new Error('too late'))
  assert.equal(body.error, undefined)
})

test('cancelling tells the producer once, and not when all has come', () => {
  const { body, told } = recorded()
  body.push(Buffer.from('a'))
  body.cancel()
  body.cancel()
  assert.deepEqual(told, ['cancel'])
  assert.equal(body.push(Buffer.from('b')), true, 'what still comes is dropped')
  assert.equal(body.buffered, 0)
  assert.ok(body.cancelled)
  const whole = recorded()
  whole.body.end()
  whole.body.cancel()
  assert.deepEqual(whole.told, [])
})

test('a kept body can be read anew, as often as one likes, with what came meanwhile', () => {
  const { body } = recorded()
  body.keep(10)
  body.push(Buffer.from('abc'))
  for (let i = 0; i < 5; i++) {
    assert.equal(drained(body), 'abc', 'each time from its first byte')
    assert.ok(body.rewind())
  }
  body.take()
  body.push(Buffer.from('def'))
  assert.ok(body.rewind())
  body.push(Buffer.from('ghi'))
  body.end()
  assert.equal(drained(body), 'abcdefghi')
  assert.ok(body.done)
  assert.ok(body.rewind())
  assert.ok(!body.done)
  assert.equal(drained(body), 'abcdefghi')
})

const NOT_KEPT: readonly (readonly [
  name: string,
  length: number | undefined,
  prepare: (body: Body) => void,
])[] = [
  ['nobody asked for it', undefined, () => {}],
  ['it is known to be too long', 11, (body) => body.keep(10)],
  [
    'it has outgrown the limit',
    undefined,
    (body) => {
      body.keep(10)
      body.push(Buffer.alloc(11))
      drained(body)
    },
  ],
  [
    'it broke off',
    undefined,
    (body) => {
      body.keep(10)
      body.fail(new Error('cut'))
    },
  ],
  [
    'it was cancelled',
    undefined,
    (body) => {
      body.keep(10)
      body.cancel()
    },
  ],
]
for (const [name, length, prepare] of NOT_KEPT) {
  test(`a body cannot be read anew: ${name}`, () => {
    const { body } = recorded(length)
    prepare(body)
    assert.equal(body.rewind(), false)
  })
}

test('leaving a loop over the chunks cancels the rest', async () => {
  const { body, told } = recorded()
  body.push(Buffer.from('a'))
  for await (const chunk of body) {
    assert.equal(chunk.toString(), 'a')
    break
  }
  assert.deepEqual(told, ['demand', 'cancel'])
})

test('a loop waits for what is still to come', async () => {
  const { body } = recorded()
  setImmediate(() => {
    body.push(Buffer.from('a'))
    setImmediate(() => {
      body.push(Buffer.from('b'))
      body.end()
    })
  })
  assert.equal(Buffer.concat(await Array.fromAsync(body)).toString(), 'ab')
})

/** What a tap is told. */
class Heard implements BodyTap {
  text = ''
  onChunk = (chunk: Buffer): void => void (this.text += chunk.toString())
  onEnd = (): void => void (this.text += '.')
  onLost = (): void => void (this.text += '!')
}

const TAPPED: [what: string, prepare: (body: Body, tap: () => void) => void, heard: string][] = [
  [
    'what was there before, and what comes later',
    (body, tap) => {
      body.push(Buffer.from('a'))
      tap()
      body.push(Buffer.from('b'))
      body.end()
    },
    'ab.',
  ],
  [
    'a body that has come whole',
    (body, tap) => {
      body.push(Buffer.from('a'))
      body.end()
      tap()
    },
    'a.',
  ],
  [
    'each byte once, when the body is read anew',
    (body, tap) => {
      body.keep(10)
      tap()
      body.push(Buffer.from('a'))
      body.take()
      body.rewind()
      body.take()
      body.end()
    },
    'a.',
  ],
  [
    'a body that breaks off',
    (body, tap) => {
      tap()
      body.push(Buffer.from('a'))
      body.fail(new Error('gone'))
      body.end()
    },
    'a!',
  ],
  [
    'a body whose rest nobody wants',
    (body, tap) => {
      tap()
      body.push(Buffer.from('a'))
      body.cancel()
      body.push(Buffer.from('b'))
      body.end()
    },
    'a!',
  ],
  [
    'nothing of a body of which bytes were taken before',
    (body, tap) => {
      body.push(Buffer.from('a'))
      body.take()
      tap()
      body.push(Buffer.from('b'))
      body.end()
    },
    '!',
  ],
]
for (const [what, prepare, heard] of TAPPED) {
  test(`a tap sees ${what}`, () => {
    const { body } = recorded()
    const taps = [new Heard(), new Heard()]
    prepare(body, () => taps.forEach((tap) => body.tap(tap)))
    assert.deepEqual(
      taps.map(({ text }) => text),
      [heard, heard],
    )
  })
}
test('a short body as text is taken as text', () => {
  const body = Body.ofText('a\xffb')
  assert.equal(body.length, 3)
  assert.equal(body.buffered, 3)
  assert.ok(body.complete && !body.done)
  assert.equal(body.takeText(), 'a\xffb')
  assert.ok(body.done)
  assert.equal(body.takeText(), undefined)
  assert.equal(body.take(), undefined)
})

test('a short body as text is taken as bytes by whoever wants bytes', async () => {
  const body = Body.ofText('a\xffb')
  assert.deepEqual(body.take(), Buffer.from([0x61, 0xff, 0x62]))
  assert.ok(body.done)
  assert.equal(body.takeText(), undefined)
  assert.equal(Buffer.concat(await Array.fromAsync(Body.ofText('xyz'))).toString(), 'xyz')
})

test('a short body as text that is kept can be sent again', () => {
  const body = Body.ofText('again')
  body.keep(10)
  assert.ok(body.rewind(), 'before anything was taken')
  assert.equal(body.takeText(), undefined, 'only bytes are kept')
  assert.equal(drained(body), 'again')
  assert.ok(body.rewind())
  assert.equal(drained(body), 'again')
})

test('a short body as text that is cancelled is gone', () => {
  const body = Body.ofText('gone')
  body.cancel()
  assert.equal(body.takeText(), undefined)
  assert.equal(body.take(), undefined)
  assert.equal(body.buffered, 0)
})
