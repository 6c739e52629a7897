import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { request } from 'undici'
import { TestAuthority } from '../support/certificates.ts'
import { startOrigin } from '../support/origins.ts'
import { runGiven } from './run-given.ts'
import { TidegateProcess } from './tidegate-process.ts'

/**
 * Each file of test/golden/migrate but those in `.golden` is what somebody has; beside it lies what is made of it and
 * what is told. With GOLDEN=rewrite in the environment that is written anew: read the difference before you keep it.
 */
const FOLDER = new URL('../golden/migrate/', import.meta.url)
const REWRITE = process.env['GOLDEN'] === 'rewrite'

const samples = (await readdir(FOLDER)).filter((file) => !file.endsWith('.golden')).toSorted()

test('migrate: there are samples of all three versions', () => {
  for (const version of ['v1-', 'v2-', 'v3-'])
    assert.ok(
      samples.some((file) => file.startsWith(version)),
      version,
    )
})

for (const sample of samples) {
  test(`migrate: ${sample}`, () =>
    inFolder(async (dir) => {
      await given(dir, sample)
      const { code, out, err } = await runGiven(['migrate', 'traefik', join(dir, sample)])
      assert.equal(code, 0)
      const actual = `${out}---- told\n${err}`.replaceAll(dir, '$DIR')
      const golden = new URL(`${sample}.golden`, FOLDER)
      if (REWRITE) await writeFile(golden, actual)
      else assert.equal(actual, await readFile(golden, 'utf8'))
    }))

  test(`migrate: what is made of ${sample} is valid`, () =>
    inFolder(async (dir) => {
      await given(dir, sample)
      const made = await runGiven(['migrate', 'traefik', join(dir, sample), '--out', join(dir, 'out')])
      assert.equal(made.code, 0, made.err)
      const files = made.out.trim().split('\n')
      const args = files.map((file) => (file.endsWith('tidegate.yml') ? `--configFile=${file}` : file))
      // What is to be looked at is named first.
      const checked = await runGiven(['check', ...args.toSorted((a) => (a.startsWith('--') ? 1 : -1))])
      assert.equal(checked.code, 0, checked.err)
    }))
}

const refused: [name: string, files: Record<string, string>, args: string[], err: RegExp][] = [
  ['no such file', {}, ['$DIR/none.toml'], /E107: there is no such file or directory/],
  ['an empty directory', {}, ['$DIR'], /there is no file in YAML, TOML or JSON/],
  ['a broken file', { 'a.toml': '[backends' }, ['$DIR/a.toml'], /a\.toml:1:\d+: error E104/],
  [
    'a file that is there',
    { 'a.toml': 'logLevel = "INFO"', 'tidegate.yml': 'ping: {}' },
    ['$DIR/a.toml', '--out=$DIR'],
    /already there\n {2}→ choose another --out, or add --force/,
  ],
]
for (const [name, files, args, err] of refused) {
  test(`migrate: refuses ${name}`, () =>
    inFolder(async (dir) => {
      for (const [file, text] of Object.entries(files)) await writeFile(join(dir, file), text)
      const outcome = await runGiven(['migrate', 'traefik', ...args.map((arg) => arg.replace('$DIR', dir))])
      assert.equal(outcome.code, 1)
      assert.match(outcome.err, err)
    }))
}

test('migrate: nothing that is left out is left unsaid', () =>
  inFolder(async (dir) => {
    await writeFile(
      join(dir, 'a.toml'),
      'logLevel = "INFO"\n[mesos]\nendpoint = "x"\n[entryPoints.http]\naddress = ":80"\nnovelty = 1\n',
    )
    const { err } = await runGiven(['migrate', 'traefik', join(dir, 'a.toml')])
    assert.match(err, /a\.toml:2:\d+: warning E108: `mesos` has no counterpart/)
    assert.match(err, /a\.toml:6:\d+: warning E108: `entryPoints\.http\.novelty` has no counterpart/)
  }))

test('migrate: requests go where Traefik 1 sent them', () =>
  inFolder(async (dir) => {
    await using api = await startOrigin({ name: 'api' })
    await using shop = await startOrigin({ name: 'shop' })
    const old = `
defaultEntryPoints = ["web"]
[entryPoints.web]
address = "127.0.0.1:0"
[file]
[backends.api.servers.a]
url = "http://127.0.0.1:${api.port}"
[backends.shop.servers.a]
url = "http://127.0.0.1:${shop.port}"
[frontends.shop]
backend = "shop"
[frontends.shop.routes.r]
rule = "Host:shop.example.com,www.example.com"
[frontends.api]
backend = "api"
[frontends.api.routes.host]
rule = "Host:shop.example.com"
[frontends.api.routes.path]
rule = "PathPrefixStrip:/api"
[frontends.closed]
backend = "shop"
[frontends.closed.routes.r]
rule = "Host:closed.example.com"
[frontends.closed.whiteList]
sourceRange = ["10.0.0.0/8"]
[frontends.moved]
backend = "shop"
[frontends.moved.routes.r]
rule = "HostRegexp:{sub:[a-z]+}.old.example.com"
[frontends.moved.redirect]
regex = "^http://[^/]+/(.*)"
replacement = "http://shop.example.com/$1"
`
    await writeFile(join(dir, 'traefik.toml'), old)
    const made = await runGiven(['migrate', 'traefik', join(dir, 'traefik.toml'), '--out', dir])
    assert.equal(made.code, 0, made.err)
    await using tidegate = new TidegateProcess([
      'run',
      `--configFile=${join(dir, 'tidegate.yml')}`,
      '--workers=1',
    ])
    const [, port] = await tidegate.says(/web on 127\.0\.0\.1:(\d+)/)
    const cases: [
      host: string,
      path: string,
      status: number,
      origin: string | undefined,
      location?: string,
    ][] = [
      ['shop.example.com', '/', 200, 'shop'],
      ['www.example.com', '/api/x', 200, 'shop'],
      ['shop.example.com', '/api/x', 200, 'api'],
      ['closed.example.com', '/', 403, undefined],
      ['a.old.example.com', '/page', 302, undefined, 'http://shop.example.com/page'],
      ['elsewhere.example.com', '/', 404, undefined],
    ]
    for (const [host, path, status, origin, location] of cases) {
      const answer = await request(`http://127.0.0.1:${port}${path}`, { headers: { host } })
      await answer.body.dump()
      const { 'origin-name': name, location: to } = answer.headers
      assert.deepEqual([host, path, answer.statusCode, name, to], [host, path, status, origin, location])
    }
  }))

async function given(dir: string, sample: string): Promise<void> {
  const text = await readFile(new URL(sample, FOLDER), 'utf8')
  await writeFile(join(dir, sample), text.replaceAll('$DIR', dir))
  if (!text.includes('$DIR')) return
  await mkdir(join(dir, 'dynamic'))
  using authority = new TestAuthority()
  const { cert, key } = authority.sign('DNS:shop.example.com')
  await writeFile(join(dir, 'shop.pem'), cert)
  await writeFile(join(dir, 'shop.key'), key)
}

async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tidegate-migrate-'))
  try {
    await body(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}
