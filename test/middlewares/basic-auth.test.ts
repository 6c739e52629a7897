import assert from 'node:assert/strict'
import { test } from 'node:test'
import basicAuth from '../../src/middlewares/basic-auth.ts'
import type { MiddlewareTools } from '../../src/middleware.ts'
import { complaintAbout, decodeOptions, makeMiddleware, makeRequest, TOOLS } from './make-middleware.ts'

const SHA = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='
const APR1 = '$apr1$abcdefgh$QLvgL9Maogn2kBtlvaQ0J.'
const BCRYPT = '$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a'

interface Asked extends MiddlewareTools {
  readonly asked: [password: string, hash: string][]
}

/** Tools whose passwords are all `secret`, and which note what was asked. */
function tools(
  answer: (password: string) => boolean | undefined = (password) => password === 'secret',
): Asked {
  const asked: Asked['asked'] = []
  return {
    ...TOOLS,
    name: 'auth@file',
    asked,
    verifyPassword: (password, hash) => {
      asked.push([password, hash])
      return Promise.resolve(answer(password))
    },
  }
}

function basic(name: string, password: string): string[] {
  return ['Authorization', `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`]
}

test('the right password passes, and says whose it is', async () => {
  const request = makeRequest({ headers: basic('ann', 'secret') })
  const middleware = makeMiddleware(basicAuth, { users: [`ann:${SHA}`] }, tools())
  assert.equal(await middleware.request?.(request), undefined)
  assert.equal(request.user, 'ann')
  assert.ok(request.headers.has('Authorization'))
})

const refusedCredentials: [name: string, headers: string[]][] = [
  ['no credentials', []],
  ['a wrong password', basic('ann', 'wrong')],
  ['an unknown name', basic('bob', 'secret')],
  ['an empty name', basic('', 'secret')],
  ['the name of an inherited property', basic('__proto__', 'secret')],
  ['another scheme', ['Authorization', 'Bearer abc']],
  ['no colon', ['Authorization', `Basic ${Buffer.from('ann').toString('base64')}`]],
  ['broken base64', ['Authorization', 'Basic !!!']],
  ['nothing behind the scheme', ['Authorization', 'Basic ']],
  ['an absurdly long password', basic('ann', 'x'.repeat(20_000))],
  ['an empty field', ['Authorization', '']],
]
for (const [name, headers] of refusedCredentials) {
  test(`${name}: 401 with a challenge`, async () => {
    const request = makeRequest({ headers })
    const answer = await makeMiddleware(basicAuth, { users: [`ann:${SHA}`] }, tools()).request?.(request)
    assert.deepEqual([answer?.status, answer?.why], [401, 'AU'])
    assert.equal(answer?.headers.get('WWW-Authenticate'), 'Basic realm="traefik"')
    assert.equal(request.user, undefined)
  })
}

test('the realm is quoted', async () => {
  const middleware = makeMiddleware(basicAuth, { users: [`ann:${SHA}`], realm: 'a "b" \\ c' }, tools())
  const answer = await middleware.request?.(makeRequest())
  assert.equal(answer?.headers.get('WWW-Authenticate'), String.raw`Basic realm="a \"b\" \\ c"`)
})

test('removeHeader and headerField', async () => {
  const options = { users: [`jörg:${SHA}`], removeHeader: true, headerField: 'X-User' }
  const request = makeRequest({ headers: [...basic('jörg', 'secret'), 'X-User', 'root', 'x-user', 'admin'] })
  assert.equal(await makeMiddleware(basicAuth, options, tools()).request?.(request), undefined)
  assert.equal(request.headers.has('Authorization'), false)
  assert.deepEqual(request.headers.getAll('X-User'), [Buffer.from('jörg').toString('latin1')])
})

test('an unknown name costs a verification like any other, always with the same hash', async () => {
  const spy = tools()
  const middleware = makeMiddleware(basicAuth, { users: [`ann:${SHA}`, `bob:${APR1}`, `cy:${BCRYPT}`] }, spy)
  for (const password of ['secret', 'a', 'b', 'c'])
    await middleware.request?.(makeRequest({ headers: basic('nobody', password) }))
  assert.equal(spy.asked.length, 4)
  assert.equal(new Set(spy.asked.map(([, hash]) => hash)).size, 1)
})

test('a verdict is remembered, right or wrong, and given without waiting', async () => {
  const spy = tools()
  const middleware = makeMiddleware(basicAuth, { users: [`ann:${SHA}`] }, spy)
  for (const password of ['secret', 'wrong']) {
    const headers = basic('ann', password)
    const first = await middleware.request?.(makeRequest({ headers }))
    const second = middleware.request?.(makeRequest({ headers }))
    assert.ok(!(second instanceof Promise))
    assert.equal(second?.status, first?.status)
  }
  assert.equal(spy.asked.length, 2)
})

test('requests that come together with the same credentials cost one verification', async () => {
  const spy = tools()
  const middleware = makeMiddleware(basicAuth, { users: [`ann:${SHA}`] }, spy)
  const answers = Array.from({ length: 6 }, () =>
    middleware.request?.(makeRequest({ headers: basic('ann', 'secret') })),
  )
  assert.deepEqual(
    await Promise.all(answers.map(async (answer) => answer)),
    Array.from({ length: 6 }, () => undefined),
  )
  assert.equal(spy.asked.length, 1)
})

test('what could not be found out in time is answered 503, and not remembered', async () => {
  const spy = tools(() => undefined)
  const middleware = makeMiddleware(basicAuth, { users: [`ann:${SHA}`] }, spy)
  for (let i = 0; i < 2; i++) {
    const answer = await middleware.request?.(makeRequest({ headers: basic('ann', 'secret') }))
    assert.deepEqual([answer?.status, answer?.why, answer?.headers.get('Retry-After')], [503, 'OV', '1'])
  }
  assert.equal(spy.asked.length, 2)
})

const FILE = `# users\nann:${BCRYPT}\r\n\n  bob:${APR1}\n`

test('a file of users is read, and its path does not travel on', async () => {
  const options = decodeOptions(basicAuth, { users: [`ann:${SHA}`], usersFile: '/run/users' })
  assert.equal(basicAuth.check?.(options), undefined)
  const prepared = await basicAuth.prepare?.(options, {
    readText: (path) => Promise.resolve(path === '/run/users' ? FILE : ''),
  })
  assert.deepEqual(prepared?.users, [`ann:${SHA}`, `ann:${BCRYPT}`, `bob:${APR1}`])
  assert.equal(prepared?.usersFile, undefined)
  const spy = tools()
  await basicAuth.create(prepared, spy).request?.(makeRequest({ headers: basic('ann', 'secret') }))
  assert.deepEqual(spy.asked, [['secret', SHA]], 'an entry of `users` counts over one of the file')
})

const badFiles: [name: string, text: string, complaint: RegExp][] = [
  ['without users', '# none\n', /holds no user/],
  ['with a plain password', `ann:${SHA}\nbob:hunter2\n`, /user 2: the hash of user `bob` is not one of/],
]
for (const [name, text, complaint] of badFiles) {
  test(`a file ${name} is refused, without telling its hashes`, async () => {
    const options = decodeOptions(basicAuth, { usersFile: '/run/users' })
    await assert.rejects(
      async () => basicAuth.prepare?.(options, { readText: () => Promise.resolve(text) }),
      (error: Error) => complaint.test(error.message) && !error.message.includes('hunter2'),
    )
  })
}

const refused: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{}, /neither `users` nor `usersFile`/],
  [{ users: ['ann'] }, /`name:hash`/],
  [{ users: [`:${SHA}`] }, /`name:hash`/],
  [{ users: ['ann:hunter2'] }, /user `ann` is not one of bcrypt/],
  [{ users: ['ann:$6$abc$hunter2'] }, /user `ann` is not one of bcrypt/],
  [{ users: ['ann:$$apr1$$abcdefgh$$hunter2'] }, /each dollar sign once/],
  [{ users: [`ann:${BCRYPT.replace('$05$', '$31$')}`] }, /cost above 15/],
  [{ users: [`ann:${BCRYPT.slice(0, -1)}`] }, /not one of/],
  [{ users: [`ann:${SHA}`], realm: 'a\r\nSet-Cookie: b' }, /`realm` holds a line break/],
  [{ users: [`ann:${SHA}`], headerField: 'X User' }, /`X User` is not the name/],
  [{ users: [`ann:${SHA}`], headerField: 'Content-Length' }, /belongs to the connection/],
]
for (const [options, complaint] of refused) {
  test(`${JSON.stringify(options)} is refused`, () => {
    const text = complaintAbout(basicAuth, options) ?? ''
    assert.match(text, complaint)
    assert.doesNotMatch(text, /hunter2/)
  })
}
