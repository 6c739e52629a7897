import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { runRollingDeploy } from './rolling-deploy.ts'
import type { DeployReport } from './rolling-deploy.ts'

test('rolling deploy on Consul, deregister first: nothing is lost', async (t) => {
  const report = await runRollingDeploy({ order: 'deregister first' })
  show(t, report)
  assert.equal(report.tally.failed, 0, String(report.tally))
  assert.equal(report.slow.failed, 0, `requests of two seconds: ${String(report.slow)}`)
  assert.deepEqual(report.ledger.repeated('POST'), [])
  assert.ok(
    report.inFlight.every((count) => count > 0),
    'something was in flight at each replacement',
  )
  assert.equal(report.closedIdle, 0, 'a draining instance keeps no idle connection')
})

test('rolling deploy on Consul, stop first: no GET is lost, no POST is carried out twice', async (t) => {
  const report = await runRollingDeploy({ order: 'stop first' })
  show(t, report)
  assert.equal(report.tally.failedOf('GET'), 0, String(report.tally))
  assert.equal(report.slow.failed, 0, `requests of two seconds: ${String(report.slow)}`)
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
    show(t, report)
    assert.ok(report.tally.failed + report.slow.failed > 0, 'the load would not see a loss if there was one')
  })
}

function show(t: TestContext, { tally, slow, ledger, inFlight, closedIdle }: DeployReport): void {
  const replaced = `${inFlight.length} replacements with ${Math.min(...inFlight)} to ${Math.max(...inFlight)} requests in flight`
  const details = `${replaced}; ${closedIdle} idle connections closed by instances; ${ledger.repeated('POST').length} POST carried out twice`
  for (const line of [details, String(tally), `of two seconds: ${String(slow)}`].join('\n').split('\n'))
    t.diagnostic(line)
}
