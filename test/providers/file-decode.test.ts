import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeDynamic } from '../../providers/parts/decode-dynamic.ts'
import { toPlain } from '../../src/config/source-tree.ts'
import type { Problem } from '../../src/config/problem.ts'
import { brief } from './file-provider.ts'

function problems(text: string, path = 'f.yml'): string[] {
  const update = decodeDynamic(text, path, path)
  const found: readonly Problem[] =
    'failure' in update ? [update.failure] : 'problems' in update ? (update.problems ?? []) : []
  return found.map(({ code, origin, message, remedy }) => {
    const place = origin.line === undefined ? '' : ` ${origin.line}:${origin.column}`
    return `${code}${place} ${message}${remedy === undefined ? '' : ` — ${remedy}`}`
  })
}

test('an instance with everything', () => {
  const text = `instances:
  - name: whoami
    address: "[::1]"
    port: 80
    ports: [81, 80]
    id: one
    tags: [v1, "traefik.enable=true"]
    weight: 3
    zone: a
    meta: { version: "1" }
    health: Passing
    terminating: true
`
  const update = decodeDynamic(text, 'f.yml', 'f.yml')
  assert.deepEqual('instances' in update && update.instances, [
    {
      id: 'one',
      name: 'whoami',
      address: '::1',
      ports: [{ port: 80 }, { port: 81 }],
      tags: ['v1', 'traefik.enable=true'],
      health: 'passing',
      weight: 3,
      zone: 'a',
      meta: { version: '1' },
      terminating: true,
    },
  ])
})

test('an instance with little', () => {
  const update = decodeDynamic('instances: [{ name: a, address: "::1", port: 1 }]', 'f.yml', 'f.yml')
  assert.deepEqual('instances' in update && update.instances, [
    { id: 'a@[::1]:1', name: 'a', address: '::1', ports: [{ port: 1 }], tags: [], health: 'unknown' },
  ])
})

test('routing is handed on as it was written, with its places', () => {
  const update = decodeDynamic('http:\n  routers: { a: { rule: x } }\nTLS: {}\n', 'f.yml', 'f.yml')
  assert.ok('routing' in update && update.routing)
  assert.deepEqual(toPlain(update.routing), { http: { routers: { a: { rule: 'x' } } }, tls: {} })
  assert.deepEqual(problems('http: {}\n'), [])
})

test('a wrong instance costs only itself', () => {
  const text = `instances:
  - { name: a, address: 10.0.0.1, port: 1 }
  - { name: b, address: 10.0.0.1, port: 70000 }
  - { name: c, port: 1 }
  - { name: d, address: "http://10.0.0.1/", port: 1 }
  - { name: a, address: 10.0.0.1, port: 1 }
  - { name: e, address: 10.0.0.1, port: 1, wieght: 2 }
  - 7
`
  assert.deepEqual(brief(decodeDynamic(text, 'f.yml', 'f.yml')), ['a@10.0.0.1:1', 'e@10.0.0.1:1'])
  const found = problems(text)
  assert.deepEqual(
    found.map((line) => line.split(' ').slice(0, 2).join(' ').replace(/:\d+$/, '')),
    ['E102 3', 'E103 4', 'E102 5', 'E109 6', 'E101 7', 'E102 8'],
  )
  assert.match(found[4]!, /did you mean `weight`\?/)
})

const wrong: [string, string, RegExp][] = [
  ['an unknown section', 'htp: {}\n', /^E101 1:1 unknown key `htp` — did you mean `http`\?$/],
  ['static configuration', 'entryPoints: {}\n', /^E101 1:1 .*belongs in the static configuration/],
  ['Traefik 1', 'frontends: {}\n', /^E108 1:1 .*tidegate migrate/],
  ['no sections', '- a\n', /^E102 1:1 it holds no sections/],
  ['a word', 'hello\n', /^E102 1:1 it holds no sections/],
  ['instances that are no list', 'instances:\n  a: b\n', /^E102 .*is not a list/],
  ['a syntax error', 'http: [\n', /^E104 \d+:\d+/],
  ['a template', 'http:\n  {{ range $i := until 3 }}\n', /^E104 2:3 a Go template stands here/],
  ['a template in a value', 'http: { a: {{ env "X" }} }\n', /^E104 1:12 a Go template/],
  ['a template after an apostrophe', "http:\n  a: it's {{ .x }}\n", /^E104 2:11 a Go template/],
  ['a template in backticks', 'http:\n  rule: Host(`{{ env "X" }}`)\n', /^E104 2:15 a Go template/],
]
for (const [name, text, expected] of wrong) {
  test(`${name} is a problem with its place`, () => assert.match(problems(text)[0] ?? '', expected))
}

test('Traefik 1 in TOML', () => {
  assert.match(
    problems('[frontends]\n[backends]\n', 'f.toml').join('\n'),
    /E108.*frontends.*\n.*E108.*backends/s,
  )
})

const fine: [string, string][] = [
  ['an empty file', ''],
  ['only comments', '# {{ nothing }}\n'],
  ['braces in a quoted string', 'http: { a: "{{ .Name }}" }\n'],
  ['braces in a single-quoted string', "http: { a: '{{ .Name }}' }\n"],
  ['braces in a comment', 'http: {} # {{ x }}\n'],
  ['no instances', 'instances:\n'],
]
for (const [name, text] of fine) {
  test(`${name} is no problem`, () => assert.deepEqual(problems(text), []))
}

test('a line that may hold a secret is never shown', () => {
  const text = 'instances:\n  - { name: a, address: x y, tags: ["a.basicauth.users=u:hunter2"] }\n'
  assert.equal(JSON.stringify(decodeDynamic(text, 'f.yml', 'f.yml')).includes('hunter2'), false)
})

test('a problem shows its line', () => {
  const update = decodeDynamic('instances:\n  - { name: a, address: x y }\n', 'f.yml', 'f.yml')
  assert.ok('problems' in update)
  assert.equal(update.problems?.[0]?.excerpt, '  - { name: a, address: x y }')
})
