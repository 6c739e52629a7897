import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startNomad } from '../peers/nomad-server.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { startOrigin } from '../support/origins.ts'
import { Ledger } from '../support/ledger.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'

const GUIDE = new URL('../../docs/guides/nomad.md', import.meta.url)

/** What the guide shows, by title. */
async function shown(): Promise<(title: string) => string> {
  const blocks = (await readFile(GUIDE, 'utf8')).matchAll(/^```\w+ title=(\S+)\n([^]*?)^```$/gm)
  const texts = new Map([...blocks].map(([, title = '', text = '']) => [title, text.trim()]))
  return (title) => texts.get(title) ?? assert.fail(`the guide shows no ${title}`)
}

/** The value of a key in the job's `service` block; the whole language is not needed for that. */
function valueOf(job: string, key: string): string {
  const service = /^ {4}service \{\n([^]*?)^ {4}\}$/m.exec(job)?.[1] ?? ''
  return new RegExp(`^ +${key} += (.*)$`, 'm').exec(service)?.[1] ?? assert.fail(`no ${key}`)
}

async function statusOf(port: number, host: string): Promise<string> {
  await using peer = await RawPeer.open(port)
  const { head } = await peer
    .write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    .readMessage()
  return head.slice(9, 12)
}

test('the guide’s configuration serves the guide’s job under the guide’s host', async () => {
  const text = await shown()
  const job = text('whoami.nomad.hcl')
  await using nomad = await startNomad({ tokens: { secret: ['*'] } })
  await using origin = await startOrigin({ name: 'whoami', ledger: new Ledger() })
  const name = JSON.parse(valueOf(job, 'name')) as string
  const tags = JSON.parse(valueOf(job, 'tags')) as string[]
  assert.equal(valueOf(job, 'provider'), '"nomad"')
  const allocation = nomad.model.place({ job: 'whoami' })
  nomad.model.check(allocation, name, 'success')
  const id = nomad.model.register(allocation, { name, port: origin.port, tags })
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  try {
    const file = join(folder, 'tidegate.yml')
    await writeFile(file, text('tidegate.yml').replace('http://127.0.0.1:4646', nomad.address))
    const flags = [`--configFile=${file}`, '--providers.nomad.endpoint.token=secret']
    await using tidegate = await startTidegate({ flags })
    const host = text('host')
    await until('the host to be served', async () => (await statusOf(tidegate.port, host)) === '200')
    assert.equal(await statusOf(tidegate.port, 'whoami-v2.dev.example.com'), '404')
    nomad.model.check(allocation, name, 'failure')
    await until('503 while the check fails', async () => (await statusOf(tidegate.port, host)) === '503')
    nomad.model.check(allocation, name, 'success')
    await until('the host to be served again', async () => (await statusOf(tidegate.port, host)) === '200')
    nomad.model.deregister(id)
    await until('404 once it is gone', async () => (await statusOf(tidegate.port, host)) === '404')
    assert.ok(!tidegate.output.includes('secret'))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('allowEmptyServices: a service that is scaled to zero answers 503 under its host', async () => {
  await using nomad = await startNomad()
  const services = [{ Name: 'whoami', Provider: 'nomad', Tags: ['v1'] }]
  nomad.model.submit('whoami', [{ Name: 'web', Count: 0, Scaling: { Enabled: true }, Services: services }])
  const section = '--providers.nomad'
  await using tidegate = await startTidegate({
    flags: [
      `${section}.endpoint.address=${nomad.address}`,
      `${section}.domain=example.com`,
      `${section}.environment=dev`,
      `${section}.allowEmptyServices`,
    ],
  })
  const host = 'whoami-v1.dev.example.com'
  await until('503', async () => (await statusOf(tidegate.port, host)) === '503')
  await using origin = await startOrigin({ name: 'whoami', ledger: new Ledger() })
  nomad.model.submit('whoami', [{ Name: 'web', Count: 1, Scaling: { Enabled: true }, Services: services }])
  nomad.model.register(nomad.model.place({ job: 'whoami' }), {
    name: 'whoami',
    port: origin.port,
    tags: ['v1'],
  })
  await until('200', async () => (await statusOf(tidegate.port, host)) === '200')
})
