import { Ajv2020 } from 'ajv/dist/2020.js'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { FileApp } from '../support/file-app.ts'
import { get, getJson } from './asking.ts'
import { SAMPLE_ROUTES, SECRETS } from './sample-routes.ts'

/**
 * Each path's answer is a file of test/golden/api, and of the form that the OpenAPI document says. With GOLDEN=rewrite in
 * the environment, the files are written anew: read the difference before you keep it.
 */
const FOLDER = new URL('../golden/api/', import.meta.url)
const REWRITE = process.env['GOLDEN'] === 'rewrite'

const PATHS: readonly (readonly [file: string, path: string])[] = [
  ['overview', '/api/overview'],
  ['rawdata', '/api/rawdata'],
  ['http-routers', '/api/http/routers'],
  ['http-router', '/api/http/routers/long%40file'],
  ['http-router-left-out', '/api/http/routers/typo@file'],
  ['http-services', '/api/http/services'],
  ['http-service', '/api/http/services/split@file'],
  ['http-middlewares', '/api/http/middlewares'],
  ['http-middleware', '/api/http/middlewares/auth@file'],
  ['tcp-routers', '/api/tcp/routers'],
  ['udp-services', '/api/udp/services'],
  ['entrypoints', '/api/entrypoints'],
  ['entrypoint', '/api/entrypoints/web'],
  ['version', '/api/version'],
  ['endpoints', '/api/endpoints'],
  ['providers', '/api/providers'],
  ['provider', '/api/providers/file'],
  ['problems', '/api/problems'],
  ['events', '/api/events?kind=router,service,middleware'],
  ['explain', '/api/explain?url=http://api.example.com/v2/x'],
  ['explain-unrouted', '/api/explain?url=http://apl.example.com/'],
  ['explain-answered', '/api/explain?url=http://old.example.com/a'],
  ['explain-other-entry', '/api/explain?url=http://secure.example.com/'],
  ['log-level', '/api/log-level'],
]

let it: FileApp
let document: OpenApi
before(async () => {
  it = await FileApp.start({
    routes: SAMPLE_ROUTES,
    flags: ['--api.address=127.0.0.1:0', '--entryPoints.websecure.address=127.0.0.1:0'],
  })
  document = await getJson<OpenApi>(it, '/api/openapi.json')
})
after(() => it[Symbol.asyncDispose]())

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      { get?: { responses: { 200: { content: Record<string, { schema: Record<string, unknown> }> } } } }
    >
  >
  readonly components: { readonly schemas: Record<string, unknown> }
}

for (const [file, path] of PATHS) {
  test(`GET ${path} is ${file}.json`, async () => {
    const actual = settled(await getJson(it, path))
    const url = new URL(`${file}.json`, FOLDER)
    if (REWRITE) writeFileSync(url, JSON.stringify(actual, null, 2))
    else assert.deepEqual(actual, JSON.parse(readFileSync(url, 'utf8')))
  })

  test(`GET ${path} is as the OpenAPI document says`, async () => {
    const answer = await getJson(it, path)
    assert.deepEqual(faultsOf(answer, schemaOf(path)), [])
  })
}

test('there is no golden file without its path', () => {
  const known = PATHS.map(([file]) => `${file}.json`)
  assert.deepEqual(readdirSync(FOLDER).toSorted(), known.toSorted())
})

test('the OpenAPI document names every path, and is one', async () => {
  const asked = new Set(PATHS.map(([, path]) => templateOf(path)))
  const unasked = Object.keys(document.paths).filter(
    (path) => document.paths[path]?.get && !asked.has(path) && !/^\/api\/(?:tcp|udp|openapi)/.test(path),
  )
  assert.deepEqual(unasked, [])
  for (const method of Object.values(document.paths).flatMap((path) => Object.values(path) as object[]))
    assert.ok('operationId' in method && 'summary' in method)
})

test('no answer holds a secret', async () => {
  for (const [, path] of PATHS) {
    const { text } = await get(it, path)
    for (const secret of SECRETS) assert.ok(!text.includes(secret), `${path}: ${secret}`)
  }
})

test('answers are not to be stored, framed, or taken for something else', async () => {
  const { headers } = await get(it, '/api/overview')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'")
  assert.equal(headers['cache-control'], 'no-store')
})

interface Named {
  readonly name: string
}

const LISTS: readonly (readonly [query: string, names: readonly string[], next: string])[] = [
  ['search=SECURE', ['secure@file'], '1'],
  ['search=v2', ['long@file'], '1'],
  ['status=disabled', ['lost@file', 'typo@file'], '1'],
  ['serviceName=split@file', ['long@file'], '1'],
  ['middlewareName=move@file', ['old@file'], '1'],
  ['per_page=2', ['long@file', 'lost@file'], '2'],
  ['per_page=2&page=2', ['old@file', 'secure@file'], '3'],
  ['per_page=2&page=3', ['short@file', 'typo@file'], '1'],
  ['per_page=2&sortBy=name&direction=desc', ['typo@file', 'short@file'], '2'],
  ['per_page=1&sortBy=priority&direction=desc&status=enabled', ['long@file'], '2'],
]
for (const [query, names, next] of LISTS) {
  test(`routers?${query}`, async () => {
    const { text, headers } = await get(it, `/api/http/routers?${query}`)
    assert.deepEqual(
      [(JSON.parse(text) as Named[]).map(({ name }) => name), headers['x-next-page']],
      [names, next],
    )
  })
}

const WRONG: readonly (readonly [path: string, status: number, message: RegExp])[] = [
  ['/api/http/routers?page=9', 400, /^invalid request: page: 9, per_page: 100$/],
  ['/api/http/routers?page=0', 400, /^invalid request/],
  ['/api/http/routers?per_page=x', 400, /^invalid request/],
  ['/api/http/routers/shrt@file', 404, /^router not found: shrt@file$/],
  ['/api/http/routers/%ff', 404, /^there is no page/],
  ['/api/entrypoints/nowhere', 404, /^entry point not found/],
  ['/api/providers/nowhere', 404, /^provider not found/],
  ['/api/overveiw', 404, /^there is no page/],
  ['/api/explain', 400, /^`url` is missing$/],
  ['/api/explain?url=http://a/%zz', 400, /is no path/],
  ['/api/explain?url=http://a/&clientIp=x', 400, /is no IP address/],
  ['/api/explain?url=http://a/&entryPoint=x', 400, /^there is no entry point `x`$/],
  ['/api/explain?url=http://a/&header=x', 400, /^`header` is no header$/],
  ['/api/events?kind=x', 400, /^there is no kind of events/],
  ['/api/events?since=x', 400, /whole numbers/],
]
for (const [path, status, message] of WRONG) {
  test(`GET ${path}: ${status}, with what to do`, async () => {
    const answer = await get(it, path)
    const body = JSON.parse(answer.text) as { message: string; error: string; remedy: string }
    assert.equal(answer.status, status)
    assert.match(body.message, message)
    assert.equal(body.error, body.message)
    assert.ok(body.remedy.length > 5)
  })
}

test('another base path', async () => {
  await using other = await FileApp.start({
    routes: SAMPLE_ROUTES,
    flags: ['--api.address=127.0.0.1:0', '--api.basePath=/ops/'],
  })
  assert.equal((await get(other, '/ops/api/version')).status, 200)
  assert.equal((await get(other, '/api/version')).status, 404)
})

/** What differs from run to run, in words. */
function settled(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => settled(item))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, settled(item, name)]))
  if (/^(?:since|time|startDate|lastSuccess|lastFailure)$/.test(key)) return 'a time'
  if (key === 'age' || key === 'id' || key === 'reads' || key === 'lastReadTook') return 'a number'
  if (key === 'Version') return 'a version'
  if (typeof value === 'string')
    return value.replaceAll(/[\w/.-]*\/routes\.json/g, 'routes.json').replaceAll(/:\d+:\d+/g, ':line:column')
  return key === 'line' || key === 'column' ? 'a number' : value
}

function templateOf(path: string): string {
  const bare = path.replace(/\?.*/, '')
  return bare.replace(/^(\/api\/(?:http\/\w+|entrypoints|providers))\/[^/]+$/, '$1/{name}')
}

function schemaOf(path: string): Record<string, unknown> {
  const schema = document.paths[templateOf(path)]?.get?.responses[200].content['application/json']?.schema
  assert.ok(schema, `${path} is not in the document`)
  return schema
}

function faultsOf(answer: unknown, schema: Record<string, unknown>): unknown[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  const validate = ajv.compile({ ...schema, components: document.components })
  validate(answer)
  return (validate.errors ?? []).map(({ instancePath, message, params }) => [instancePath, message, params])
}
