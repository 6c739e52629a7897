import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { runRollingDeploy } from './rolling-deploy.ts'
import type { DeployReport } from './rolling-deploy.ts'
import { enter } from './table.ts'

test('rolling deploy on Consul, deregister first: nothing is lost', async (t) => {
  const report = await runRollingDeploy({ order: 'deregister first' })
  show(t, 'rolling deploy, deregister first', report)
  assert.equal(report.tally.failed, 0, String(report.tally))
  assert.equal(report.slow.failed, 0, `slow requests: ${String(report.slow)}`)
  assert.equal(report.tunnels.failed, 0, `tunnels: ${String(report.tunnels)}`)
  assert.equal(report.leftOpen, 0, 'sockets to instances that had left')
  assert.deepEqual(report.ledger.repeated('POST'), [])
  assert.ok(
    report.inFlight.every((count) => count > 0),
    'something was in flight at each replacement',
  )
  assert.equal(report.closedIdle, 0, 'a draining instance keeps no idle connection')
})

test('rolling deploy on Consul, stop first: no GET is lost, no POST is carried out twice', async (t) => {
  const report = await runRollingDeploy({ order: 'stop first' })
  show(t, 'rolling deploy, stop first', report)
  assert.equal(report.tally.failedOf('GET'), 0, String(report.tally))
  assert.equal(report.slow.failed, 0, `slow requests: ${String(report.slow)}`)
  assert.equal(report.tunnels.failed, 0, `tunnels: ${String(report.tunnels)}`)
  // A POST may be lost only when it was written to a connection that its instance closed at that very moment.
  const lost = report.tally.failedOf('POST')
  assert.equal(report.tally.causes.get('POST 502 (UC)') ?? 0, lost, String(report.tally))
  assert.ok(lost <= report.closedIdle, `${lost} lost, ${report.closedIdle} connections closed while idle`)
  assert.deepEqual(report.ledger.repeated('POST'), [])
})

for (const order of ['deregister first', 'stop first'] as const) {
  test(`contrast: the same deploy, ${order}, loses requests without draining and retries`, async (t) => {
    const flags = ['--experiments.retries=false', '--experiments.draining=false']
    const report = await runRollingDeploy({ order, flags })
    show(t, `contrast: rolling deploy, ${order}, draining and retries off`, report)
    assert.ok(report.tally.failed + report.slow.failed > 0, 'the load would not see a loss if there was one')
  })
}

function show(t: TestContext, scenario: string, report: DeployReport): void {
  const { tally, slow, tunnels, ledger, inFlight, closedIdle } = report
  const replaced = `${inFlight.length} replacements with ${Math.min(...inFlight)} to ${Math.max(...inFlight)} requests in flight`
  const others = [
    `${slow.failed} of ${slow.ended} slow requests`,
    `${tunnels.failed} of ${tunnels.ended} tunnels`,
  ]
  const twice = `${ledger.repeated('POST').length} POST carried out twice`
  const idle = `${closedIdle} idle connections closed by instances`
  enter(t, scenario, tally, [replaced, `failed: ${others.join(', ')}`, idle, twice].join('; '))
  for (const line of [`slow: ${String(slow)}`, `tunnels: ${String(tunnels)}`].join('\n').split('\n'))
    t.diagnostic(line)
}
