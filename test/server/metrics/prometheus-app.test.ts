import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { promtoolBinary } from '../../peers/binaries.ts'
import { FileApp, routesTo } from '../../support/file-app.ts'
import { startOrigin } from '../../support/origins.ts'
import { Scrape } from '../../support/scrape.ts'

const ON_WEB = ['--metrics.prometheus.entryPoint=web']
const LABELS = 'code="200",method="GET",protocol="http"'

async function ask(app: FileApp, ...lines: readonly string[]): Promise<string> {
  await using client = await app.connect()
  const { head } = await client.write(`${lines.join('\r\n')}\r\n\r\n`).readMessage()
  return head.slice(9, 12)
}

test('requests are counted by entry point, router and service, as Traefik names and labels them', async () => {
  await using origin = await startOrigin()
  const flags = [
    ...ON_WEB,
    '--metrics.prometheus.addRoutersLabels=true',
    '--metrics.prometheus.prefix=traefik',
  ]
  await using app = await FileApp.start({ routes: routesTo([origin.port]), flags })
  await ask(app, 'GET /?size=1000 HTTP/1.1', 'Host: a')
  await ask(app, 'POST /?status=404 HTTP/1.1', 'Host: a', 'Content-Length: 3', '', 'abc')
  const places = {
    entrypoint: 'entrypoint="web"',
    router: 'router="all@file",service="all@file"',
    service: 'service="all@file"',
  }
  const page = await Scrape.when(
    app.port,
    'both to be counted',
    (page) => page.sum('traefik_service_requests_total') === 2,
  )
  for (const [place, own] of Object.entries(places)) {
    const get = `{${LABELS},${own}}`
    const post = `{code="404",method="POST",protocol="http",${own}}`
    assert.equal(page.value(`traefik_${place}_requests_total${get}`), 1, place)
    assert.equal(page.value(`traefik_${place}_requests_total${post}`), 1, place)
    assert.equal(page.value(`traefik_${place}_requests_bytes_total${post}`), 3, place)
    assert.equal(page.value(`traefik_${place}_responses_bytes_total${get}`), 1000, place)
    assert.equal(page.value(`traefik_${place}_request_duration_seconds_count${get}`), 1, place)
    const buckets = page.series(`traefik_${place}_request_duration_seconds_bucket{${LABELS}`)
    assert.deepEqual(
      buckets.map((line) => /le="([^"]+)"/.exec(line)?.[1]),
      ['0.1', '0.3', '1.2', '5', '+Inf'],
      place,
    )
  }
  assert.equal(page.value(`traefik_service_server_up{service="all@file",url="${origin.url}"}`), 1)
  assert.equal(page.value('traefik_config_reloads_total'), 1)
  assert.ok(page.value('traefik_config_last_reload_success')! > Date.now() / 1_000 - 60)
})

test('what is counted passes promtool', async () => {
  await using origin = await startOrigin()
  const flags = [
    ...ON_WEB,
    '--metrics.prometheus.addRoutersLabels=true',
    '--metrics.prometheus.headerLabels.team=X-Team',
  ]
  await using app = await FileApp.start({
    routes: {
      http: { ...(routesTo([origin.port]) as { http: object }).http, middlewares: { odd: { addPrefx: {} } } },
    },
    flags,
  })
  await ask(app, 'GET / HTTP/1.1', 'Host: a', 'X-Team: \\ "quoted"')
  await ask(app, 'GET / HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Connection: upgrade')
  const page = await Scrape.when(
    app.port,
    'a request',
    (page) => page.sum('tidegate_service_requests_total') > 0,
  )
  const { stdout, stderr, status } = spawnSync(await promtoolBinary(), ['check', 'metrics'], {
    input: page.body,
    encoding: 'utf8',
  })
  assert.equal(`${stdout}${stderr}`, '')
  assert.equal(status, 0)
  assert.equal(
    page.value(`tidegate_entrypoint_requests_total{${LABELS},entrypoint="web",team="\\\\ \\"quoted\\""}`),
    1,
  )
  assert.equal(page.value('tidegate_provider_up{provider="file"}'), 1)
  assert.equal(page.value('tidegate_provider_instances{provider="file"}'), 0)
  assert.ok(page.value('tidegate_provider_read_duration_seconds{provider="file"}')! > 0)
  assert.ok(page.value('tidegate_provider_reads_total{provider="file"}')! > 0)
  assert.equal(page.sum('tidegate_configuration_problems'), app.app.problems.length)
  assert.ok(app.app.problems.length > 0)
  assert.equal(page.value('tidegate_service_endpoints{service="all@file",state="ready"}'), 1)
})

test('a flood of methods, statuses and header values makes a bounded number of series', async () => {
  await using origin = await startOrigin()
  const flags = [...ON_WEB, '--metrics.prometheus.headerLabels.tenant=X-Tenant']
  await using app = await FileApp.start({ routes: routesTo([origin.port]), flags })
  await using client = await app.connect()
  for (let i = 0; i < 400; i++) {
    const rest = `HTTP/1.1\r\nHost: h${i}\r\nX-Tenant: t${i}\r\n\r\n`
    await client.write(`GET /?status=${400 + (i % 200)} ${rest}`).readMessage()
    await client.write(`M${i} /none ${rest}`).readMessage()
  }
  const page = await Scrape.when(
    app.port,
    'all to be counted',
    (page) => page.sum('tidegate_entrypoint_requests_total') === 800,
  )
  const tenants = page
    .series('tidegate_entrypoint_requests_total')
    .map((line) => /tenant="(\w+)"/.exec(line)?.[1])
  assert.equal(new Set(tenants).size, 101)
  assert.ok(tenants.includes('other') && tenants.length < 800)
  assert.ok(page.series('tidegate_service_requests_total').length <= 65)
  assert.ok(page.series('tidegate_service_requests_total').every((line) => !/method="M/.test(line)))
  const rest = 'code="other",method="other",protocol="other",service="all@file"'
  assert.ok(page.value(`tidegate_service_requests_total{${rest}}`)! > 200)
  assert.equal(page.sum('tidegate_service_requests_total'), 800)
})

test('services that go away are forgotten', async () => {
  await using origin = await startOrigin()
  await using app = await FileApp.start({ routes: routesTo([origin.port]), flags: ON_WEB })
  await app.get()
  await Scrape.when(app.port, 'a service', (page) => page.body.includes('service_requests_total{'))
  await app.write({ http: {} })
  const page = await Scrape.when(app.port, 'it to be gone', (page) => !page.body.includes('all@file'))
  assert.equal(page.sum('tidegate_entrypoint_requests_total'), 1)
})

test('answers of the proxy are counted by why-code, and its own pages only when asked for', async () => {
  await using origin = await startOrigin()
  const routes = {
    http: {
      routers: { a: { rule: 'Host(`a`)', service: 'none' } },
      services: { none: { loadBalancer: { servers: [] } } },
    },
  }
  await using app = await FileApp.start({ routes, flags: ON_WEB })
  assert.equal(await ask(app, 'GET / HTTP/1.1', 'Host: nobody'), '404')
  assert.equal(await ask(app, 'GET / HTTP/1.1', 'Host: a'), '503')
  assert.equal(await ask(app, 'BAD'), '400')
  const page = await Scrape.when(
    app.port,
    'all to be counted',
    (page) => page.sum('tidegate_entrypoint_requests_total') === 3,
  )
  for (const why of ['NR', 'UH', 'BR'])
    assert.equal(page.value(`tidegate_answers_total{why="${why}"}`), 1, why)
  const bad = 'code="400",method="EXTENSION_METHOD",protocol="http",entrypoint="web"'
  assert.equal(page.value(`tidegate_entrypoint_requests_total{${bad}}`), 1)
  assert.equal(origin.received, 0)
})

test('with manualRouting, a router of the user’s own leads to the page', async () => {
  const routes = {
    http: {
      routers: { m: { rule: 'Host(`127.0.0.1`) && Path(`/numbers`)', service: 'prometheus@internal' } },
    },
  }
  await using app = await FileApp.start({
    routes,
    flags: [...ON_WEB, '--metrics.prometheus.manualRouting=true'],
  })
  await assert.rejects(Scrape.of(app.port), /404/)
  assert.match((await Scrape.of(app.port, '/numbers')).body, /^# HELP tidegate_/)
})

test('without metrics there is no page, whoever leads there', async () => {
  const routes = {
    http: { routers: { m: { rule: 'Path(`/metrics`)', service: 'prometheus@internal' } } },
  }
  await using app = await FileApp.start({ routes })
  await assert.rejects(Scrape.of(app.port), /404/)
})

test('connections that are open are counted by entry point, and the delays of each worker', async () => {
  await using app = await FileApp.start({ routes: { http: {} }, flags: ON_WEB, workers: 2 })
  await using one = await app.connect()
  await using other = await app.connect()
  const open = 'tidegate_open_connections{entrypoint="web",protocol="TCP"}'
  // The one that asks is among them.
  await Scrape.when(app.port, 'three', (page) => page.value(open) === 3)
  one.socket.destroy()
  other.socket.destroy()
  const page = await Scrape.when(app.port, 'one', (now) => now.value(open) === 1)
  assert.deepEqual(page.series('tidegate_worker_up'), [
    'tidegate_worker_up{worker="0"}',
    'tidegate_worker_up{worker="1"}',
  ])
  const delays = ['0', '1'].map(
    (worker) => `tidegate_worker_event_loop_delay_seconds_count{worker="${worker}"}`,
  )
  await Scrape.when(app.port, 'ticks', (now) => delays.every((series) => now.value(series)! > 0))
})
