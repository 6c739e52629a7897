import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { frame, FrameReader, LARGEST_FRAME } from '../../../providers/zookeeper/frames.ts'
import { bool, bytes, int, JuteReader, long, MalformedError } from '../../../providers/zookeeper/jute.ts'
import { readEvent, readHeader, readWelcome } from '../../../providers/zookeeper/messages.ts'

test('what is written is read', () => {
  const reader = new JuteReader(
    Buffer.concat([
      int(-7),
      long(-(2n ** 40n)),
      bytes('Häuser'),
      int(-1),
      int(2),
      bytes('a'),
      bytes(''),
      int(-1),
    ]),
  )
  assert.equal(reader.int(), -7)
  assert.equal(reader.long(), -(2n ** 40n))
  assert.equal(reader.text(), 'Häuser')
  assert.equal(reader.bytes().length, 0, 'null')
  assert.deepEqual(reader.texts(), ['a', ''])
  assert.deepEqual(reader.texts(), [], 'null')
})

const HOSTILE: [what: string, message: Buffer, read: (reader: JuteReader) => unknown][] = [
  ['a number that is cut off', Buffer.of(0, 0, 0), (reader) => reader.int()],
  ['a long number that is cut off', Buffer.alloc(7), (reader) => reader.long()],
  ['a length beyond the end', int(1), (reader) => reader.bytes()],
  ['the largest length', int(0x7fff_ffff), (reader) => reader.bytes()],
  ['a negative length', int(-2), (reader) => reader.bytes()],
  ['bytes that are no UTF-8', bytes(Buffer.of(0xff, 0xfe)), (reader) => reader.text()],
  ['two billion texts', int(0x7fff_ffff), (reader) => reader.texts()],
  ['a negative number of texts', int(-2), (reader) => reader.texts()],
  ['fewer texts than announced', Buffer.concat([int(2), bytes('longer')]), (reader) => reader.texts()],
]
for (const [what, message, read] of HOSTILE) {
  test(`refused: ${what}`, () => {
    assert.throws(() => read(new JuteReader(message)), MalformedError)
  })
}

test('whatever bytes come, a message is read or refused', () => {
  const readers = [readHeader, readEvent, (reader: JuteReader) => reader.texts()]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
      for (const read of [...readers, () => readWelcome(Buffer.from(raw))]) {
        try {
          read(new JuteReader(Buffer.from(raw)))
        } catch (error) {
          assert.ok(error instanceof MalformedError, String(error))
        }
      }
    }),
  )
})

test('messages are the same however the stream is cut', () => {
  const message = fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw))
  fc.assert(
    fc.property(fc.array(message), fc.infiniteStream(fc.integer({ min: 1, max: 50 })), (messages, cuts) => {
      const stream = Buffer.concat(messages.map((each) => frame([each])))
      const reader = new FrameReader()
      const read: Buffer[] = []
      for (let at = 0; at < stream.length;) {
        const length = cuts.next().value as number
        read.push(...reader.read(stream.subarray(at, at + length)))
        at += length
      }
      assert.deepEqual(read, messages)
    }),
  )
})

for (const length of [-1, LARGEST_FRAME + 1, 0x7fff_ffff]) {
  test(`refused: a message of ${length} bytes`, () => {
    assert.throws(() => new FrameReader().read(int(length)), MalformedError)
  })
}

test('an HTTP answer is no message', () => {
  assert.throws(() => new FrameReader().read(Buffer.from('HTTP/1.1 400 Bad Request\r\n')), MalformedError)
})

test('booleans are one byte', () => {
  assert.deepEqual([...bool(true), ...bool(false)], [1, 0])
})
