import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { PasswordVerifier } from '../../src/server/password-verifier.ts'

// The thread is unref'd, so something else has to keep this process waiting for it.
const alive = setInterval(() => undefined, 1_000)
after(() => clearInterval(alive))

const BCRYPT = '$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a'

/** Made by crypt(3) and openssl. */
const answers: [name: string, password: string, hash: string, expected: boolean][] = [
  ['bcrypt', 'secret', BCRYPT, true],
  ['bcrypt as 2b', 'secret', '$2b$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u', true],
  ['bcrypt of nothing', '', '$2y$05$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m', true],
  ['bcrypt of UTF-8', 'pässwörd', '$2y$05$abcdefghijklmnopqrstuuZVEMa1pjhlynBQ1qXmSvGBJpN9h1w8G', true],
  [
    'bcrypt of what it cuts at 72 bytes',
    'a'.repeat(72),
    '$2y$05$abcdefghijklmnopqrstuuGUnCqbfgs3htOkLrFduUjAyLBw1Rq/u',
    true,
  ],
  ['bcrypt, wrong', 'Secret', BCRYPT, false],
  ['apr1', 'password1', '$apr1$abcdefgh$QLvgL9Maogn2kBtlvaQ0J.', true],
  ['apr1, wrong', 'password2', '$apr1$abcdefgh$QLvgL9Maogn2kBtlvaQ0J.', false],
  ['MD5 of old', 'secret', '$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1', true],
  ['SHA-1', 'secret', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', true],
  ['SHA-1, wrong', 'secret ', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', false],
  ['a plain password', 'secret', 'secret', false],
  ['an empty hash', '', '', false],
  ['a bcrypt hash that breaks off', 'secret', '$2y$05$abc', false],
  ['a bcrypt hash without rounds', 'secret', `$2y$xx${BCRYPT.slice(6)}`, false],
]
test('passwords are checked against the hashes of other programs', async (t) => {
  const verifier = new PasswordVerifier()
  for (const [name, password, hash, expected] of answers) {
    await t.test(name, async () => assert.equal(await verifier.verify(password, hash), expected))
  }
  await verifier.close()
})

test('many at once are all answered', async () => {
  const verifier = new PasswordVerifier()
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => verifier.verify(i % 2 ? 'secret' : 'wrong', BCRYPT)),
  )
  assert.deepEqual(
    results,
    results.map((_, i) => i % 2 === 1),
  )
  await verifier.close()
})

test('over the bound of the queue nobody knows, at once', async () => {
  const verifier = new PasswordVerifier({ queueLimit: 1 })
  const first = verifier.verify('secret', BCRYPT)
  const second = verifier.verify('secret', BCRYPT)
  assert.equal(await verifier.verify('secret', BCRYPT), undefined)
  assert.deepEqual(await Promise.all([first, second]), [true, true])
  await verifier.close()
})

test('patience has an end', async () => {
  const thread = new URL('threads/silent-thread.ts', import.meta.url)
  const verifier = new PasswordVerifier({ patience: 20, thread })
  assert.deepEqual(await Promise.all([verifier.verify('a', BCRYPT), verifier.verify('b', BCRYPT)]), [
    undefined,
    undefined,
  ])
  await verifier.close()
})

test('a thread that dies is replaced, and costs only the question that it dies of', async () => {
  const thread = new URL('threads/dying-thread.ts', import.meta.url)
  const failures: string[] = []
  const verifier = new PasswordVerifier({ thread, onFailure: (error) => failures.push(error.message) })
  const deadly = verifier.verify('die', BCRYPT)
  const harmless = verifier.verify('survive', BCRYPT)
  assert.equal(await deadly, undefined)
  assert.equal(await harmless, true)
  assert.deepEqual(failures, ['as it was made to', 'as it was made to'], 'the question is tried twice')
  await verifier.close()
})

test('after closing nobody knows', async () => {
  const verifier = new PasswordVerifier()
  const waiting = [verifier.verify('secret', BCRYPT), verifier.verify('secret', BCRYPT)]
  await verifier.close()
  assert.deepEqual(await Promise.all(waiting), [undefined, undefined])
  assert.equal(await verifier.verify('secret', BCRYPT), undefined)
})

test('the thread does not keep the process alive', async () => {
  const module = new URL('../../src/server/password-verifier.ts', import.meta.url).href
  const script = `
    const { PasswordVerifier } = await import(${JSON.stringify(module)})
    const verifier = new PasswordVerifier()
    const alive = setInterval(() => {}, 1000)
    console.log(await verifier.verify('secret', ${JSON.stringify(BCRYPT)}))
    clearInterval(alive)`
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 20_000,
  })
  assert.equal((await run).stdout.trim(), 'true')
})
