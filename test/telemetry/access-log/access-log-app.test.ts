import assert from 'node:assert/strict'
import { existsSync, mkdtempDisposableSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FileApp, routesTo } from '../../support/file-app.ts'
import { startOrigin } from '../../support/origins.ts'
import { Scrape } from '../../support/scrape.ts'
import { startTidegate } from '../../support/tidegate.ts'
import { until } from '../../support/until.ts'
import { pipe } from '../pipe.ts'

type Line = Readonly<Record<string, unknown>>

/** An app that logs to a file, and the lines in that file. */
class LoggingApp implements AsyncDisposable {
  readonly file: string
  readonly app: FileApp
  readonly #folder: Disposable

  private constructor(app: FileApp, file: string, folder: Disposable) {
    this.app = app
    this.file = file
    this.#folder = folder
  }

  static async start(routes: object, ...flags: readonly string[]): Promise<LoggingApp> {
    const folder = mkdtempDisposableSync(join(tmpdir(), 'access-'))
    const file = join(folder.path, 'access.log')
    const given = [`--accessLog.filePath=${file}`, ...flags]
    return new LoggingApp(await FileApp.start({ routes, flags: given }), file, folder)
  }

  async ask(...lines: readonly string[]): Promise<void> {
    await using client = await this.app.connect()
    await client.write(`${lines.join('\r\n')}\r\n\r\n`).readMessage()
  }

  get lines(): string[] {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n').slice(0, -1) : []
  }

  /** The lines, once there are so many. */
  async untilLines(count: number): Promise<string[]> {
    return await until(`${count} lines`, () => (this.lines.length >= count ? this.lines : undefined))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]()
    this.#folder[Symbol.dispose]()
  }
}

const JSON_FORM = '--accessLog.format=json'

const FILTERS: [name: string, flags: string[], logged: string[]][] = [
  ['none', [], ['/?status=200', '/?status=404', '/?status=503', '/?wait=60']],
  ['a status', ['statusCodes=404'], ['/?status=404']],
  ['ranges', ['statusCodes=400-499,500-599'], ['/?status=404', '/?status=503']],
  ['a duration', ['minDuration=50ms'], ['/?wait=60']],
  ['either of two', ['minDuration=50ms', 'statusCodes=404'], ['/?status=404', '/?wait=60']],
]
for (const [name, filters, logged] of FILTERS) {
  test(`filters of the access log: ${name}`, async () => {
    await using origin = await startOrigin()
    const flags = filters.map((filter) => `--accessLog.filters.${filter}`)
    await using app = await LoggingApp.start(routesTo([origin.port]), JSON_FORM, ...flags)
    for (const path of ['/?status=200', '/?status=404', '/?status=503', '/?wait=60'])
      await app.ask(`GET ${path} HTTP/1.1`, 'Host: a')
    const lines = await app.untilLines(logged.length)
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as Line)['RequestPath']),
      logged,
    )
  })
}

test('fields are kept, dropped and redacted by names in any case, and so are headers and the query', async () => {
  await using origin = await startOrigin()
  await using app = await LoggingApp.start(
    routesTo([origin.port]),
    JSON_FORM,
    '--accessLog.fields.defaultMode=drop',
    '--accessLog.fields.names.requestpath=keep',
    '--accessLog.fields.names.ClientHost=redact',
    '--accessLog.fields.headers.names.user-agent=keep',
    '--accessLog.fields.headers.names.Authorization=redact',
    '--accessLog.fields.queryParameters.defaultMode=redact',
  )
  await app.ask('GET /a?token=1 HTTP/1.1', 'Host: a', 'User-Agent: "x\\', 'Authorization: Basic YTpi')
  const [line] = await app.untilLines(1)
  const { time: _, ...shown } = JSON.parse(line!) as Line
  assert.deepEqual(shown, {
    level: 'info',
    msg: '',
    RequestPath: '/a?token=REDACTED',
    ClientHost: 'REDACTED',
    'request_User-Agent': '"x\\',
    request_Authorization: 'REDACTED',
  })
})

test('each answer of the proxy’s own has its why-code, and control characters cannot forge a line', async () => {
  const routes = {
    http: {
      routers: { none: { rule: 'Path(`/none`)', service: 'none' } },
      services: { none: { loadBalancer: { servers: [] } } },
    },
  }
  await using app = await LoggingApp.start(routes, JSON_FORM)
  await app.ask('GET /none HTTP/1.1', 'Host: a')
  await app.ask('GET /a%0a%1b[2J HTTP/1.1', 'Host: a', 'User-Agent: \u009b2J\ttab')
  await app.ask('GET / HTTP/9.9', 'Host: a')
  const lines = await app.untilLines(3)
  assert.deepEqual(
    lines.map((line) => {
      const { Why, DownstreamStatus } = JSON.parse(line) as Line
      return [Why, DownstreamStatus]
    }),
    [
      ['UH', 503],
      ['NR', 404],
      ['VN', 505],
    ],
  )
  // eslint-disable-next-line no-control-regex -- that there is none is what the test is about
  assert.ok(lines.every((line) => !/[\u0000-\u001f\u007f-\u009f]/.test(line)))
})

test('SIGUSR1 has the file opened anew, and rotation loses no line', async () => {
  await using origin = await startOrigin()
  using folder = mkdtempDisposableSync(join(tmpdir(), 'access-'))
  const file = join(folder.path, 'access.log')
  const routes = join(folder.path, 'routes.json')
  writeFileSync(routes, JSON.stringify(routesTo([origin.port])))
  await using tidegate = await startTidegate({
    flags: [`--providers.file.filename=${routes}`, '--workers=2', `--accessLog.filePath=${file}`],
  })
  const ask = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await (await fetch(`http://127.0.0.1:${tidegate.port}/`)).text()
  }
  const linesOf = (path: string): number =>
    existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
  await ask(5)
  await until('five lines', () => linesOf(file) === 5)
  renameSync(file, `${file}.1`)
  await ask(3)
  tidegate.signal('SIGUSR1')
  await until('a new file', () => existsSync(file))
  await ask(4)
  await until('twelve lines', () => linesOf(file) + linesOf(`${file}.1`) === 12)
  assert.ok(linesOf(file) >= 4)
  assert.equal(await tidegate.end(), 0)
})

const HEADERS = [
  JSON_FORM,
  '--accessLog.fields.headers.defaultMode=keep',
  '--metrics.prometheus.entryPoint=web',
]

/** Asks with long lines until some are lost; each request is answered all the same. */
async function untilDropped(app: FileApp): Promise<Scrape> {
  await using client = await app.connect()
  const long = 'x'.repeat(30_000)
  return await until('lines that are dropped', async () => {
    for (let i = 0; i < 50; i++)
      await client.write(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${long}\r\n\r\n`).readMessage()
    const page = await Scrape.of(app.port)
    return page.value('tidegate_access_log_lines_dropped_total')! > 0 ? page : undefined
  })
}

test('a full disk costs lines, which are counted, and nothing else', async () => {
  await using origin = await startOrigin()
  const flags = ['--accessLog.filePath=/dev/full', ...HEADERS]
  await using app = await FileApp.start({ routes: routesTo([origin.port]), flags })
  const page = await untilDropped(app)
  assert.ok(page.value('tidegate_access_log_errors_total')! > 0)
})

test('who does not read the log costs lines, whole ones, and nothing else', async () => {
  using slow = pipe()
  await using origin = await startOrigin()
  const flags = [`--accessLog.filePath=${slow.path}`, ...HEADERS]
  await using app = await FileApp.start({ routes: routesTo([origin.port]), flags })
  await untilDropped(app)
  let read = ''
  await app.get(1)
  await until('the last line', () => {
    read += slow.read()
    return read.includes('"RequestHost":"a","RequestPort":"-"') && !read.endsWith('x') && read.endsWith('\n')
  })
  for (const line of read.trimEnd().split('\n')) JSON.parse(line)
})
