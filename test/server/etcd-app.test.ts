import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ETCD_PASSWORD, startEtcd } from '../peers/etcd.ts'
import { Ledger } from '../support/ledger.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'

async function statusOf(port: number, path: string): Promise<string> {
  await using peer = await RawPeer.open(port)
  const question = `GET ${path} HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n`
  const { head } = await peer.write(question).readMessage()
  return head.slice(9, 12)
}

test('routes stay when etcd is down, hangs or has lost its data, and go when they are deleted', async () => {
  await using origin = await startOrigin({ name: 'whoami', ledger: new Ledger() })
  await using etcd = await startEtcd({ auth: true })
  const [member] = etcd.members
  assert.ok(member)
  const put = (): Promise<string> =>
    etcd.etcdctl(
      `etcdctl put traefik/http/services/whoami/loadbalancer/servers/0/url -- ${origin.url}
       etcdctl put traefik/http/routers/whoami/rule -- 'Path(\`/whoami\`)'`,
    )
  await put()
  await using tidegate = await startTidegate({
    flags: [
      `--providers.etcd.endpoints=${etcd.endpoints.join()}`,
      '--providers.etcd.username=root',
      `--providers.etcd.password=${ETCD_PASSWORD}`,
    ],
  })
  const status = (path = '/whoami'): Promise<string> => statusOf(tidegate.port, path)
  const logged = (words: string, times = 1): Promise<boolean> =>
    until(`${words} in the log`, () => tidegate.output.split(words).length > times, 15_000)
  const becomes = (wanted: string, path?: string): Promise<boolean> =>
    until(`${wanted} for ${path}`, async () => (await status(path)) === wanted)
  assert.equal(await status(), '200')

  await member.kill()
  await logged('cannot be reached')
  assert.equal(await status(), '200')
  member.launch()
  await etcd.settled()
  await logged('etcd can be read again')

  member.suspend()
  await logged('did not answer in time')
  assert.equal(await status(), '200')
  member.resume()
  await logged('etcd can be read again', 2)

  await etcd.etcdctl('etcdctl put traefik/http/routers/whoami/prioritty -- 7')
  await etcd.etcdctl("etcdctl put traefik/http/routers/whoami/rule -- 'Path(`/whoami'")
  await logged('traefik/http/routers/whoami/rule')
  assert.equal(await status(), '200')
  await put()

  await member.kill()
  await member.forget()
  await etcd.start()
  await logged('etcd can be read again', 3)
  assert.equal(await status(), '200')
  await etcd.etcdctl("etcdctl put traefik/http/routers/other/rule -- 'Path(`/other`)'")
  await put()
  await becomes('200', '/other')
  assert.equal(await status(), '200')

  await etcd.etcdctl('etcdctl del --prefix traefik/')
  await becomes('404')
  assert.ok(!tidegate.output.includes(ETCD_PASSWORD))
})
