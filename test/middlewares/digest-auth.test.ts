import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DigestAuthenticator, parseDigestUser } from '../../src/middlewares/auth/digest-authenticator.ts'
import { parseDigest } from '../../src/middlewares/auth/digest-fields.ts'
import { Nonces, noncesMemory } from '../../src/middlewares/auth/nonces.ts'
import digestAuth from '../../src/middlewares/digest-auth.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { ServedRoutes } from '../support/served-routes.ts'
import { complaintAbout, decodeOptions, makeRequest } from './make-middleware.ts'

type Hash = (text: string) => string
const md5: Hash = (text) => createHash('md5').update(text).digest('hex')
const sha256: Hash = (text) => createHash('sha256').update(text).digest('hex')

/** RFC 7616 §3.9.1. */
const examples: [algorithm: string, hash: Hash, response: string][] = [
  ['MD5', md5, '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', sha256, '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
]
for (const [algorithm, hash, response] of examples) {
  test(`the example of RFC 7616 with ${algorithm}`, () => {
    const realm = 'http-auth@example.org'
    const user = parseDigestUser(`Mufasa:${realm}:${hash(`Mufasa:${realm}:Circle of Life`)}`)
    assert.ok(typeof user !== 'string')
    const nonces = { create: () => 'n', judge: () => 'good' as const, use: () => true }
    const authenticator = new DigestAuthenticator([user], realm, nonces)
    const fields = `Digest username="Mufasa", realm="${realm}", uri="/dir/index.html", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="${response}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
    const request = makeRequest({ path: '/dir/index.html', headers: ['Authorization', fields] })
    assert.deepEqual(authenticator.examine(request), { user: 'Mufasa' })
    const other = makeRequest({ path: '/dir/other.html', headers: ['Authorization', fields] })
    assert.deepEqual(authenticator.examine(other), { stale: false })
  })
}

const malformed: [name: string, text: string][] = [
  ['another scheme', 'Basic abc'],
  ['nothing', 'Digest '],
  ['a name twice', 'Digest username="a", username="b"'],
  ['a quote that does not end', 'Digest username="a'],
  ['no qop', `Digest ${full().replace('qop=auth', 'x=y')}`],
  ['qop=auth-int', `Digest ${full().replace('qop=auth', 'qop=auth-int')}`],
  ['a count that is none', `Digest ${full().replace('00000001', '1')}`],
  ['an algorithm that there is not', `Digest ${full()}, algorithm=SHA-512-256`],
  ['a field as long as a book', `Digest ${full()}, x="${'a'.repeat(9_000)}"`],
]
function full(): string {
  return 'username="a", realm="r", nonce="n", uri="/", response="x", cnonce="c", nc=00000001, qop=auth'
}
for (const [name, text] of malformed) {
  test(`${name} is no digest`, () => {
    assert.equal(parseDigest(text), undefined)
  })
}

test('fields are read whatever their order, case and quotes', () => {
  const found = parseDigest(
    'digest  NC=0000000a ,Qop="auth",cnonce=c,uri="/a\\"b", response="AB",nonce="n",realm="r",username="a",',
  )
  assert.deepEqual(found, {
    username: 'a',
    realm: 'r',
    nonce: 'n',
    uri: '/a"b',
    response: 'ab',
    cnonce: 'c',
    nc: '0000000a',
    algorithm: 'MD5',
  })
})

test('a nonce is taken by whoever has the key, for five minutes', () => {
  const memory = noncesMemory()
  const clock = { now: 1_800_000_000_000 }
  const [one, other] = [new Nonces(memory, () => clock.now), new Nonces(memory, () => clock.now)]
  const nonce = one.create()
  assert.equal(other.judge(nonce), 'good')
  assert.equal(new Nonces(noncesMemory(), () => clock.now).judge(nonce), 'forged')
  assert.equal(other.judge(`A${nonce.slice(1)}`), 'forged')
  assert.equal(other.judge('abc'), 'forged')
  clock.now += 300_000
  assert.equal(other.judge(nonce), 'good')
  clock.now += 1_000
  assert.equal(other.judge(nonce), 'stale')
})

test('each count of a nonce is used once, over all workers, and may come a little out of order', () => {
  const memory = noncesMemory()
  const [one, other] = [new Nonces(memory), new Nonces(memory)]
  const nonce = one.create()
  const uses: [Nonces, number, boolean][] = [
    [one, 0, false],
    [one, 1, true],
    [other, 1, false],
    [other, 5, true],
    [one, 3, true],
    [one, 3, false],
    [one, 5, false],
    [one, 30, true],
    [other, 6, false],
    [other, 7, true],
    [other, 7, false],
    [one, 1_048_575, true],
    [one, 1_048_576, false],
  ]
  for (const [nonces, count, good] of uses) assert.equal(nonces.use(nonce, count), good, String(count))
  assert.ok(one.use(one.create(), 1), 'another nonce has counts of its own')
})

test('a place in the table that another nonce had says nothing of the next one', () => {
  const clock = { now: 1_800_000_000_000 }
  const nonces = new Nonces(noncesMemory(), () => clock.now)
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20_000; i++) assert.ok(nonces.use(nonces.create(), 1))
    clock.now += 301_000
  }
})

const HA1 = md5('ann:traefik:secret')
const NONCE = /nonce="([^"]+)"/
let count = 0

function authorization(
  challenge: string,
  over: { uri?: string; nc?: string; hash?: Hash; password?: string; method?: string; name?: string } = {},
): string {
  const {
    uri = '/a?b=1',
    nc = (++count).toString(16).padStart(8, '0'),
    hash = md5,
    password = 'secret',
    method = 'GET',
    name = 'ann',
  } = over
  const [, nonce = ''] = NONCE.exec(challenge) ?? []
  const ha1 = hash(`${name}:traefik:${password}`)
  const response = hash(`${ha1}:${nonce}:${nc}:abc:auth:${hash(`${method}:${uri}`)}`)
  const algorithm = hash === md5 ? 'MD5' : 'SHA-256'
  return `Authorization: Digest username="${name}", realm="traefik", nonce="${nonce}", uri="${uri}", cnonce="abc", nc=${nc}, qop=auth, algorithm=${algorithm}, response="${response}"\r\n`
}

interface Answer {
  readonly status: string
  readonly challenge: string
  readonly body: string
}

async function ask(port: number, fields = '', path = '/a?b=1'): Promise<Answer> {
  await using peer = await RawPeer.open(port)
  const { head, body } = await peer
    .write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`)
    .readMessage()
  return { status: head.slice(9, 12), challenge: head, body: body.toString() }
}

async function served(
  options: object,
  workers = 1,
): Promise<AsyncDisposable & { port: number; output: () => string }> {
  const origin = await startOrigin()
  const http = {
    routers: { all: { rule: 'PathPrefix(`/`)', priority: 1, service: 'all', middlewares: ['auth'] } },
    services: { all: { loadBalancer: { servers: [{ url: origin.url }] } } },
    middlewares: { auth: { digestAuth: options } },
  }
  const routes = await ServedRoutes.start(http, [`--workers=${workers}`])
  return {
    port: routes.port,
    output: () => routes.tidegate.output,
    async [Symbol.asyncDispose]() {
      await routes[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

test('over three workers: a nonce of one is taken by all, a request that was overheard by none', async () => {
  await using routes = await served({ users: [`ann:traefik:${HA1}`], headerField: 'X-User' }, 3)
  const { status, challenge } = await ask(routes.port)
  assert.equal(status, '401')
  assert.match(
    challenge,
    /\r\nWWW-Authenticate: Digest realm="traefik", qop="auth", algorithm=MD5, nonce="[\w-]+"\r\n/,
  )
  const fields = Array.from({ length: 12 }, () => authorization(challenge))
  for (const field of fields) assert.equal((await ask(routes.port, field)).status, '200')
  for (const field of fields) {
    const again = await ask(routes.port, field)
    assert.equal(again.status, '401')
    assert.match(again.challenge, /, stale=true/)
  }
  const wrong: [name: string, field: string, path?: string][] = [
    ['a wrong password', authorization(challenge, { password: 'x' })],
    ['an unknown user', authorization(challenge, { name: 'bob' })],
    ['another path', authorization(challenge), '/b?b=1'],
    ['another query', authorization(challenge), '/a?b=2'],
    ['another method', authorization(challenge, { method: 'PUT' })],
    ['another algorithm than the user’s', authorization(challenge, { hash: sha256 })],
    ['a nonce of its own', authorization('nonce="abcdef"')],
  ]
  for (const [name, field, path] of wrong) {
    const answer = await ask(routes.port, field, path)
    assert.equal(answer.status, '401', name)
    assert.doesNotMatch(answer.challenge, /stale/, name)
  }
})

test('users of MD5 and of SHA-256 are challenged by both; usersFile; the normal form of a path; removeHeader', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-digest-'))
  const usersFile = join(folder, 'users')
  await writeFile(usersFile, `# users\nann:traefik:${HA1}\nbob:traefik:${sha256('bob:traefik:secret')}\n`)
  try {
    await using routes = await served({ usersFile, removeHeader: true })
    const { challenge } = await ask(routes.port)
    assert.match(challenge, /algorithm=SHA-256[^]*algorithm=MD5/)
    const good = await ask(routes.port, authorization(challenge, { hash: sha256, name: 'bob' }))
    assert.equal(good.status, '200')
    const uri = '/%61/../a?b=1'
    assert.equal((await ask(routes.port, authorization(challenge, { uri }), uri)).status, '200')
  } finally {
    await rm(folder, { recursive: true })
  }
})

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{}, /nobody could pass/],
  [{ users: ['ann:secret'] }, /`users`: user 1: a user must be written `name:realm:hash`/],
  [{ users: ['ann:traefik:abc'] }, /neither one of MD5 nor one of SHA-256/],
  [{ users: [`ann:other:${HA1}`] }, /of the realm `other`, and `realm` is `traefik`/],
  [{ users: [`ann:traefik:${HA1}`], headerField: 'a b' }, /is not the name/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    const found = complaintAbout(digestAuth, options) ?? ''
    assert.match(found, complaint)
    assert.doesNotMatch(found, /secret|[0-9a-f]{32}/)
  })
}

test('a file without users, or with wrong ones, is named', async () => {
  const options = decodeOptions(digestAuth, { usersFile: '/users' })
  const read = (text: string) => digestAuth.prepare!(options, { readText: async () => text })
  await assert.rejects(read('# none'), /`usersFile` \/users holds no user/)
  await assert.rejects(read('ann'), /`usersFile` \/users: user 1/)
})
