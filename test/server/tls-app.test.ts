import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { selfSigned } from '../../src/server/certificates/self-signed.ts'
import { Http2Client } from '../support/tls.ts'
import { startOrigin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'

/** A folder with the dynamic configuration and one pair. */
class Files {
  readonly path = mkdtempSync(join(tmpdir(), 'tls-'))

  constructor(t: TestContext) {
    t.after(() => rmSync(this.path, { recursive: true }))
  }

  pair(name: string): void {
    const { chain, key } = selfSigned(name, [name], Date.now())
    writeFileSync(join(this.path, 'site.crt'), chain)
    writeFileSync(join(this.path, 'site.key'), key)
  }

  routes(origin: string): void {
    const certificate = { certFile: join(this.path, 'site.crt'), keyFile: join(this.path, 'site.key') }
    const configuration = {
      http: {
        routers: {
          secure: { rule: 'Path(`/both`) || Path(`/secure`)', service: 'origin', tls: {} },
          plain: { rule: 'Path(`/both`) || Path(`/plain`)', service: 'origin' },
        },
        services: { origin: { loadBalancer: { servers: [{ url: origin }] } } },
      },
      tls: { stores: { default: { defaultCertificate: certificate } } },
    }
    writeFileSync(join(this.path, 'routes.json'), JSON.stringify(configuration))
  }

  get flags(): string[] {
    return [`--providers.file.filename=${join(this.path, 'routes.json')}`, '--workers=2']
  }
}

const run = promisify(execFile)

/** Version and status of the answer. The origin is in this process, which must not stand still meanwhile. */
async function curl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('curl', [
    '-sk',
    '-m',
    '10',
    '-o',
    '/dev/null',
    '-w',
    '%{http_version} %{http_code}',
    ...args,
  ])
  return stdout
}

/** The name in the certificate that a new connection is shown. */
async function nameShown(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

test('the whole program: one port, plain and TLS, HTTP/1.1 and HTTP/2', async (t) => {
  const files = new Files(t)
  files.pair('site.test')
  await using origin = await startOrigin()
  files.routes(origin.url)
  await using tidegate = await startTidegate({ flags: files.flags })
  const { port } = tidegate
  assert.equal(await curl('--http2', `https://127.0.0.1:${port}/secure`), '2 200')
  assert.equal(await curl('--http1.1', `https://127.0.0.1:${port}/both`), '1.1 200')
  assert.equal(await curl(`http://127.0.0.1:${port}/both`), '1.1 200')
  assert.equal(await curl(`http://127.0.0.1:${port}/secure`), '1.1 404')
  assert.equal(await curl(`https://127.0.0.1:${port}/plain`), '2 404')
  assert.equal(await nameShown(port), 'site.test')
  assert.doesNotMatch(tidegate.output, /BEGIN/)
})

test('certificates change under load, and no handshake fails', async (t) => {
  const files = new Files(t)
  files.pair('name-0.test')
  await using origin = await startOrigin()
  files.routes(origin.url)
  await using tidegate = await startTidegate({ flags: files.flags })
  const { port } = tidegate
  const failures: unknown[] = []
  let handshakes = 0
  let over = false
  const load = async (): Promise<void> => {
    while (!over) {
      await nameShown(port).then(
        () => handshakes++,
        (error: unknown) => failures.push(error),
      )
    }
  }
  const loads = [load(), load(), load(), load()]
  for (const round of [1, 2]) {
    files.pair(`name-${round}.test`)
    await until('the new certificate', async () => (await nameShown(port)) === `name-${round}.test`)
  }
  writeFileSync(join(files.path, 'site.key'), 'broken')
  await until('the problem', () => tidegate.output.includes('E221'))
  assert.equal(await nameShown(port), 'name-2.test')
  over = true
  await Promise.all(loads)
  assert.deepEqual(failures, [])
  assert.ok(handshakes > 50, `${handshakes} handshakes`)
  assert.doesNotMatch(tidegate.output, /BEGIN|died/)
})

test('an entry point with http.tls; without certificates there is one of our own', async (t) => {
  const files = new Files(t)
  await using origin = await startOrigin()
  files.routes(origin.url)
  const flags = [...files.flags, '--entryPoints.sec.address=127.0.0.1:0', '--entryPoints.sec.http.tls=true']
  await using tidegate = await startTidegate({ flags })
  const port = await until('the port', () => Number(/sec on 127\.0\.0\.1:(\d+)/.exec(tidegate.output)?.[1]))
  assert.equal(await curl('--http2', `https://127.0.0.1:${port}/plain`), '2 200')
  assert.equal(await curl(`http://127.0.0.1:${port}/plain`), '1.1 404')
  assert.equal(await nameShown(port), 'TIDEGATE DEFAULT CERT')
})

test('a graceful stop lets streams in flight finish', async (t) => {
  const files = new Files(t)
  files.pair('site.test')
  await using origin = await startOrigin()
  files.routes(origin.url)
  await using tidegate = await startTidegate({ flags: files.flags })
  await using client = new Http2Client(tidegate.port)
  const answers = Array.from({ length: 20 }, (_, i) =>
    client.get('/secure?wait=500', { 'request-id': `r${i}` }),
  )
  await until('the requests to be in flight', () => origin.waiting === 20)
  const ended = tidegate.end()
  for (const { status, code } of await Promise.all(answers)) assert.deepEqual([status, code], [200, 0])
  assert.equal(await ended, 0)
})
