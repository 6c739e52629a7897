import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fields } from '../../src/config/fields.ts'
import { shown } from '../../src/config/shown.ts'

const SCHEMA = fields.section('', {
  token: fields.secret('').optional(),
  users: fields.list('', fields.secret('')).default([]),
  time: fields.duration('').prefault('90s'),
  headers: fields.record('', fields.string('')).default({}),
  address: fields.string('').optional(),
  anything: fields.any('').optional(),
})

const CASES: readonly (readonly [name: string, value: object, expected: object])[] = [
  ['secrets', { token: 'a', users: ['u:p', 'v:q'] }, { token: '***', users: ['***', '***'] }],
  ['durations in Go’s notation', { time: 90_000 }, { time: '1m30s' }],
  [
    'headers that sound secret',
    { headers: { Authorization: 'x', Accept: 'y' } },
    { headers: { Authorization: '***', Accept: 'y' } },
  ],
  ['passwords in URLs', { address: 'http://user:pass@host/' }, { address: 'http://***@host/' }],
  ['what is left out', { token: undefined, time: 0 }, { time: '0s' }],
  [
    'what the schema does not know',
    { anything: { deep: [{ password: 'x', n: 1 }] } },
    { anything: { deep: [{ password: '***', n: 1 }] } },
  ],
]
for (const [name, value, expected] of CASES) {
  test(`shown: ${name}`, () => assert.deepEqual(shown(SCHEMA, value), expected))
}
