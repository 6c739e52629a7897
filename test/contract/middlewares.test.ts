import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decode } from '../../src/config/decode.ts'
import { fields, notesOf } from '../../src/config/fields.ts'
import type { z } from '../../src/config/fields.ts'
import { fromPlain } from '../../src/config/source-tree.ts'
import { discover } from '../../src/discover.ts'
import type { Middleware, MiddlewareDefinition } from '../../src/middleware.ts'
import { withShared } from '../middlewares/make-middleware.ts'

/** The least that makes each middleware. A new one adds its line here, and nothing else anywhere. */
const LEAST: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  addPrefix: { prefix: '/x' },
  basicAuth: { users: ['ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='] },
  chain: { middlewares: ['other'] },
  compress: {},
  buffering: {},
  circuitBreaker: { expression: 'NetworkErrorRatio() > 0.5' },
  contentType: {},
  digestAuth: { users: ['ann:traefik:0123456789abcdef0123456789abcdef'] },
  encodedCharacters: {},
  errors: { service: 'pages', query: '/{status}' },
  forwardAuth: { address: 'http://auth.test/' },
  headers: {},
  inFlightReq: { amount: 1 },
  ipAllowList: { sourceRange: ['10.0.0.0/8'] },
  ipDenyList: { sourceRange: ['10.0.0.0/8'] },
  rateLimit: {},
  redirectRegex: { regex: '^http://a/', replacement: 'https://b/' },
  redirectScheme: { scheme: 'https' },
  replacePath: { path: '/b' },
  replacePathRegex: { regex: '^/a', replacement: '/b' },
  requestId: {},
  retry: { attempts: 2 },
  stripPrefix: { prefixes: ['/x'] },
  stripPrefixRegex: { regex: ['^/x'] },
  timeout: { request: '1s' },
}

const ORIGIN = { source: 'test.yml', line: 7 }
const definitions = await discover<MiddlewareDefinition>(new URL('../../src/middlewares/', import.meta.url))
const reference = readFileSync(new URL('../../docs/reference/middlewares.md', import.meta.url), 'utf8')

for (const [name, definition] of definitions) {
  const shape = definition.options(fields) as Record<string, z.ZodType>
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

  test(`${name}: has a summary of one sentence`, () => {
    assert.match(definition.summary, /^[A-Z][^\n]+\.$/)
  })

  for (const [option, schema] of Object.entries(shape)) {
    test(`${name}.${option}: says what it does`, () => {
      assert.match(notesOf(schema)?.doc ?? '', /^\S[^\n]+\.$/)
    })

    const wrong = wrongValue(schema)
    if (wrong === undefined) continue
    test(`${name}.${option}: refuses a value of another kind, and says where`, () => {
      const { value, problems } = decode(
        definition.options(fields),
        fromPlain({ ...LEAST[name], [option]: wrong }, ORIGIN),
      )
      assert.equal(value, undefined)
      assert.ok(
        problems.some(
          ({ code, message, origin }) =>
            code === 'E102' && message.includes(`\`${option}`) && origin === ORIGIN,
        ),
      )
    })
  }

  test(`${name}: names an unknown option`, () => {
    const { value, problems } = decode(
      definition.options(fields),
      fromPlain({ ...LEAST[name], nonsense: 1 }, ORIGIN),
    )
    assert.ok(value)
    assert.deepEqual(
      problems.map(({ code, message }) => [code, message]),
      [['E101', 'unknown key `nonsense`']],
    )
  })

  test(`${name}: has a test of its own`, () => {
    assert.ok(
      existsSync(new URL(`../middlewares/${kebab}.test.ts`, import.meta.url)),
      `write test/middlewares/${kebab}.test.ts`,
    )
  })

  test(`${name}: has a section in the reference`, () => {
    assert.ok(reference.includes(`\n## ${name}\n`), 'run npm run docs')
  })

  test(`${name}: is made of the least that it needs`, () => {
    const least = LEAST[name]
    assert.ok(least, `add the least options of ${name} to test/contract/middlewares.test.ts`)
    const { value, problems } = decode(definition.options(fields), fromPlain(least, ORIGIN))
    assert.ok(value, problems.map(({ message }) => message).join('\n'))
    assert.equal(definition.check?.(value), undefined)
    const middleware: Middleware = definition.create(value, withShared(definition, value))
    for (const phase of Object.keys(middleware)) assert.ok(['request', 'response', 'around'].includes(phase))
  })

  test(`${name}: its options can travel to a worker`, () => {
    const { value } = decode(definition.options(fields), fromPlain(LEAST[name], ORIGIN))
    assert.deepEqual(structuredClone(value), value)
  })
}

test('the table of least options names no middleware that does not exist', () => {
  assert.deepEqual(Object.keys(LEAST).toSorted(), [...definitions.keys()])
})

/** A value that no option of this kind takes; undefined where anything goes. */
function wrongValue(schema: z.ZodType): unknown {
  switch (notesOf(schema)?.kind) {
    case 'string':
    case 'secret':
    case 'file':
      return ['a', 'list']
    case 'list':
      return 17
    case 'section':
    case 'record':
      return 'text'
    case 'any':
    case undefined:
      return undefined
    default:
      return { a: 'section' }
  }
}
