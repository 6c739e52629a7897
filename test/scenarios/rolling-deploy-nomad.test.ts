import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { inNomad } from './nomad-registry.ts'
import { runRollingDeploy } from './rolling-deploy.ts'
import type { DeployReport } from './rolling-deploy.ts'
import { enter } from './table.ts'

/** Nomad's programs cannot be had here: a server of ours speaks as much of its API as discovery uses. */

test('rolling deploy on Nomad, shutdown_delay before the task stops: nothing is lost', async (t) => {
  const report = await runRollingDeploy({ order: 'deregister first', discovery: inNomad })
  show(t, 'rolling deploy on Nomad, deregister first', report)
  assert.equal(report.tally.failed, 0, String(report.tally))
  assert.equal(report.slow.failed, 0, `slow requests: ${String(report.slow)}`)
  assert.equal(report.tunnels.failed, 0, `tunnels: ${String(report.tunnels)}`)
  assert.equal(report.leftOpen, 0, 'sockets to instances that had left')
  assert.deepEqual(report.ledger.repeated('POST'), [])
  assert.ok(report.inFlight.every((count) => count > 0))
  assert.equal(report.closedIdle, 0, 'a draining instance keeps no idle connection')
})

test('contrast: the same deploy on Nomad loses requests without draining and retries', async (t) => {
  const flags = ['--experiments.retries=false', '--experiments.draining=false']
  const report = await runRollingDeploy({ order: 'deregister first', flags, discovery: inNomad })
  show(t, 'contrast: rolling deploy on Nomad, draining and retries off', report)
  assert.ok(report.tally.failed + report.slow.failed > 0, 'the load would not see a loss if there was one')
})

function show(
  t: TestContext,
  scenario: string,
  { tally, slow, tunnels, inFlight, closedIdle }: DeployReport,
): void {
  const seen = [
    `${inFlight.length} replacements with ${Math.min(...inFlight)} to ${Math.max(...inFlight)} requests in flight`,
    `failed: ${slow.failed} of ${slow.ended} slow requests, ${tunnels.failed} of ${tunnels.ended} tunnels`,
    `${closedIdle} idle connections closed by instances`,
  ]
  enter(t, scenario, tally, seen.join('; '))
}
