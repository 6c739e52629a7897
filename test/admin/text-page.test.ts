import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Access } from '../../src/admin/access.ts'
import { AdminServer } from '../../src/admin/admin-server.ts'
import { textPage } from '../../src/admin/page.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { getFrom } from './asking.ts'

test('a page of text, such as metrics: its own type, made anew each time, open where it says so', async () => {
  let count = 0
  const page = {
    type: 'text/plain; version=0.0.4; charset=utf-8',
    summary: '',
    render: () => ({ text: `n ${++count}\n` }),
  }
  const server = new AdminServer({
    listen: { host: '127.0.0.1', port: 0, protocol: 'tcp' },
    access: new Access({ openToRead: false, hosts: [], token: () => Promise.resolve('a'), now: () => 0 }),
    pages: [
      textPage({ ...page, path: '/metrics', open: true }),
      textPage({ ...page, path: '/closed' }),
      textPage({ ...page, path: '/ping', open: true, render: () => ({ status: 503, text: 'no' }) }),
    ],
    log: silentLogger,
  })
  await server.listen()
  try {
    const { status, headers, text } = await getFrom(server.port, '/metrics', { host: 'scraped.test' })
    assert.deepEqual([status, headers['content-type'], text], [200, page.type, 'n 1\n'])
    assert.equal((await getFrom(server.port, '/metrics')).text, 'n 2\n')
    assert.equal((await getFrom(server.port, '/closed')).status, 401)
    assert.equal((await getFrom(server.port, '/ping')).status, 503)
  } finally {
    await server.close()
  }
})
