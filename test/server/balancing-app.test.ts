import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startOrigin } from '../support/origins.ts'
import type { Origin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'

const SERVICE = 'traefik.http.services.shop.loadbalancer'

/** Instances of the service `shop` in a file, one for each origin; those of even index are in the zone `near`. */
function instancesFile(t: TestContext, origins: readonly Origin[], tags: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'balancing-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'instances.json')
  const instances = origins.map(({ port }, i) => ({
    name: 'shop',
    address: '127.0.0.1',
    port,
    zone: i % 2 === 0 ? 'near' : 'far',
    tags: ['traefik.enable=true', 'traefik.http.routers.shop.rule=PathPrefix(`/`)', ...tags],
  }))
  writeFileSync(path, JSON.stringify({ instances }))
  return path
}

async function answersOf(port: number, requests: number, headers: Record<string, string> = {}) {
  const answers = []
  for (let i = 0; i < requests; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { ...headers, connection: 'close' } })
    await answer.arrayBuffer()
    answers.push({ by: answer.headers.get('origin-name'), cookie: answer.headers.get('set-cookie') })
  }
  return answers
}

test('the real program: sessions stick across workers, from tags, under Traefik’s names', async (t) => {
  await using a = await startOrigin({ name: 'a' })
  await using b = await startOrigin({ name: 'b' })
  const tags = [`${SERVICE}.sticky=true`, `${SERVICE}.sticky.cookie.httponly=true`, `${SERVICE}.strategy=p2c`]
  const file = instancesFile(t, [a, b], tags)
  await using tidegate = await startTidegate({
    flags: [`--providers.file.filename=${file}`, '--workers=2'],
  })
  const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex')
  const name = `_${hash('sha1', '_TRAEFIK_BACKEND_shop@file').slice(0, 5)}`
  const idOf = ({ port }: Origin): string => hash('sha256', `http://127.0.0.1:${port}`).slice(0, 16)
  for (const { by, cookie } of await answersOf(tidegate.port, 4))
    assert.equal(cookie, `${name}=${idOf(by === 'a' ? a : b)}; Path=/; HttpOnly`)
  for (const origin of [a, b]) {
    const answers = await answersOf(tidegate.port, 12, { cookie: `${name}=${idOf(origin)}` })
    for (const { by, cookie } of answers) assert.deepEqual([by, cookie], [origin.name, null])
  }
})

test('the real program: endpoints of its own zone come first', async (t) => {
  await using near = await startOrigin({ name: 'near' })
  await using far = await startOrigin({ name: 'far' })
  const file = instancesFile(t, [near, far], [`${SERVICE}.strategy=leastconn`])
  const flags = [`--providers.file.filename=${file}`, '--workers=1']
  await using zoned = await startTidegate({ flags: [...flags, '--zone=near'] })
  for (const { by } of await answersOf(zoned.port, 8)) assert.equal(by, 'near')
  await using plain = await startTidegate({ flags })
  const answers = await answersOf(plain.port, 8)
  assert.equal(answers.filter(({ by }) => by === 'far').length, 4)
})
