import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runGiven } from './run-given.ts'

const ROUTES = `http:
  routers:
    a: { rule: "Host(\`a.example.com\`)", service: s }
  services:
    s: { loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }] } }
`
const INSTANCES = `instances:
  - { name: whoami, address: 127.0.0.1, port: 1, tags: [v1] }
`

/** Each `$DIR` stands for the folder that the files are in. */
const cases: [name: string, files: Record<string, string>, args: string[], code: number, expected: RegExp][] =
  [
    [
      'a good dynamic file',
      { 'a.yml': ROUTES + INSTANCES },
      ['$DIR/a.yml'],
      0,
      /^\$DIR\/a\.yml: valid: 2 routers, 2 services\n$/,
    ],
    [
      'a directory',
      { 'a.yml': ROUTES, 'b.yml': INSTANCES },
      ['$DIR'],
      0,
      /^\$DIR: valid: 2 routers, 2 services\n$/,
    ],
    ['an empty directory', {}, ['$DIR'], 0, /^\$DIR: valid: 0 routers, 0 services\n$/],
    ['a good static file', { 's.yml': 'ping: {}' }, ['$DIR/s.yml'], 0, /^\$DIR\/s\.yml: valid\n$/],
    [
      'a static file and what it names',
      { 's.yml': 'providers: { file: { filename: $DIR/a.yml } }', 'a.yml': ROUTES.replace('Host(', 'Hots(') },
      ['--configFile=$DIR/s.yml'],
      1,
      /^\$DIR\/a\.yml:3:16: error E202: .*unknown matcher `Hots`.*\n {4}3 \| .*\n +\^{4}\n {2}→ did you mean `Host`\?/,
    ],
    [
      'an unknown entry point',
      {
        's.yml': 'providers: { file: { filename: $DIR/a.yml } }',
        'a.yml': ROUTES.replace('service:', 'entryPoints: [nowhere], service:'),
      },
      ['--configFile=$DIR/s.yml'],
      1,
      /error E208: .*nowhere/,
    ],
    [
      'an entry point of a static file that is not there',
      { 'a.yml': ROUTES.replace('service:', 'entryPoints: [web], service:') },
      ['$DIR/a.yml'],
      0,
      /valid/,
    ],
    ['a broken file', { 'a.yml': 'http: [' }, ['$DIR'], 1, /^\$DIR\/a\.yml:1:\d+: error E104/],
    [
      'what another provider defines',
      {
        's.yml': 'providers: { file: { filename: $DIR/a.yml }, consulCatalog: {} }',
        'a.yml': ROUTES.replace('service: s', 'service: web@consulcatalog'),
      },
      ['--configFile=$DIR/s.yml'],
      0,
      /valid/,
    ],
    ['neither file nor directory', {}, ['--providers.file'], 1, /neither `filename` nor `directory`/],
  ]
for (const [name, files, args, code, expected] of cases) {
  test(`check: ${name}`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tidegate-check-'))
    try {
      for (const [file, text] of Object.entries(files))
        await writeFile(join(dir, file), text.replaceAll('$DIR', dir))
      const outcome = await runGiven(['check', ...args.map((arg) => arg.replaceAll('$DIR', dir))])
      assert.match((outcome.out + outcome.err).replaceAll(dir, '$DIR'), expected)
      assert.equal(outcome.code, code)
    } finally {
      await rm(dir, { recursive: true })
    }
  })
}
