import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSticky, stickyId, writeSticky } from '../../src/balancing/sticky-cookie.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { Request } from '../../src/proxy/request.ts'
import { Response } from '../../src/proxy/response.ts'

const COOKIE = { name: '_a1b2c', attributes: '; Path=/' }
const A = stickyId('http://10.0.0.1:80')
const B = stickyId('http://10.0.0.2:80')
const KNOWN = new Set([A, B])

function read(...cookies: readonly string[]): string | undefined {
  const fields = ['Host', 'a', ...cookies.flatMap((value) => ['Cookie', value])]
  return readSticky(Object.assign(new Request(), { headers: new HeaderList(fields) }), COOKIE, KNOWN)
}

test('ids are Traefik’s: the first 16 hexadecimal digits of the SHA-256 of the URL', () => {
  assert.equal(stickyId('http://10.0.0.1:80'), 'df5bd2f9c0180410')
})

const READ: readonly (readonly [why: string, cookies: readonly string[], found: string | undefined])[] = [
  ['no cookie', [], undefined],
  ['an empty cookie', [''], undefined],
  ['alone', [`_a1b2c=${A}`], A],
  ['in the middle', [`x=1; _a1b2c=${A}; y=2`], A],
  ['at the end', [`x=1; _a1b2c=${A}`], A],
  ['without blanks', [`x=1;_a1b2c=${A};y=2`], A],
  ['with more blanks', [`x=1;  \t_a1b2c=${A} \t ;y=2`], A],
  ['in quotes', [`_a1b2c="${A}"`], A],
  ['in quotes, others behind', [`_a1b2c="${A}"; x=1`], A],
  ['an open quote', [`_a1b2c="${A}`], undefined],
  ['a closing quote alone', [`_a1b2c=${A}"`], undefined],
  ['in the second field', ['x=1', `_a1b2c=${B}`], B],
  ['unknown', ['_a1b2c=0123456789abcdef'], undefined],
  ['too short', [`_a1b2c=${A.slice(1)}`], undefined],
  ['too long', [`_a1b2c=${A}0`], undefined],
  ['empty', ['_a1b2c='], undefined],
  ['without a value', ['_a1b2c'], undefined],
  ['another name that ends alike', [`x_a1b2c=${A}`], undefined],
  ['another name that begins alike', [`_a1b2cx=${A}`], undefined],
  ['in another case', [`_A1B2C=${A}`], undefined],
  ['as the value of another', [`x=_a1b2c=${A}`], undefined],
  ['as the value of another, after a blank', [`x= _a1b2c=${A}`], undefined],
  ['twice: the first', [`_a1b2c=${B}; _a1b2c=${A}`], B],
  ['twice, the first of an endpoint that is gone', [`_a1b2c=0123456789abcdef; _a1b2c=${A}`], A],
  ['its own name as its value', [`_a1b2c=_a1b2c=${A}; _a1b2c=${B}`], B],
  ['signs of control and other alphabets', [`\u00ff\u0001=2; _a1b2c=${A}; \u00e9`], A],
]
for (const [why, cookies, found] of READ) {
  test(`reads the cookie: ${why}`, () => assert.equal(read(...cookies), found))
}

test('looks at so many of its name, and no further', () => {
  const wrong = '_a1b2c=0123456789abcdef; '
  assert.equal(read(`${wrong.repeat(7)}_a1b2c=${A}`), A)
  assert.equal(read(`${wrong.repeat(8)}_a1b2c=${A}`), undefined)
})

/** Heads of 64 KiB that would take minutes if each place were looked at from each other. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['many cookies', 'a=1; '.repeat(13_000)],
  ['its name again and again', '_a1b2c'.repeat(11_000)],
  ['its name without an end', '_a1b2c='.repeat(9_000)],
  ['its name between blanks', `${' '.repeat(20)}_a1b2c=`.repeat(2_400)],
  ['blanks', ' '.repeat(65_000)],
  ['semicolons', ';'.repeat(65_000)],
  ['quotes', '_a1b2c="'.repeat(8_000)],
  ['values as long as ids', '_a1b2c=0123456789abcdef;'.repeat(2_700)],
]
for (const [why, text] of HOSTILE) {
  test(`is not held up by a head of 64 KiB: ${why}`, () => {
    const start = performance.now()
    for (let i = 0; i < 100; i++) assert.equal(read(text), undefined)
    assert.ok(performance.now() - start < 5_000, 'a hundred of them within seconds')
  })
}

test('writes one more Set-Cookie', () => {
  const response = new Response(200, new HeaderList(['Set-Cookie', 'own=1']), null)
  writeSticky(response, COOKIE, A)
  assert.deepEqual(response.headers.getAll('set-cookie'), ['own=1', `_a1b2c=${A}; Path=/`])
})
