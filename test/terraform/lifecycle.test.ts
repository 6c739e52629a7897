import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../support/until.ts'
import { ROOT } from './workspace.ts'

const SCRIPT = join(ROOT, 'terraform/modules/asg-fleet/user-data/files/tidegate-lifecycle.sh')

/** The real script, with a metadata service of ours, and stand-ins that note how they were called. */
test('the life-cycle script: launching once Tidegate serves, terminating once it has stopped', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-lifecycle-'))
  const calls = join(folder.path, 'calls')
  const healthy = join(folder.path, 'healthy')
  const programs = { tidegate: `[ -e '${healthy}' ]`, aws: '', systemctl: '' }
  for (const [name, body] of Object.entries(programs)) {
    const path = join(folder.path, name)
    await writeFile(path, `#!/bin/bash\necho "${name} $*" >>'${calls}'\n${body}\n`)
    await chmod(path, 0o755)
  }
  let state = 'InService'
  let asked = 0
  const metadata = createServer((request, response) => {
    if (request.url === '/latest/api/token') return void response.end('token')
    if (request.headers['x-aws-ec2-metadata-token'] !== 'token') return void response.writeHead(401).end()
    if (request.url === '/latest/meta-data/instance-id') return void response.end('i-1')
    asked++
    response.end(state)
  }).listen(0, '127.0.0.1')
  await once(metadata, 'listening')
  const child = spawn('bash', [SCRIPT], {
    stdio: 'inherit',
    env: {
      PATH: `${folder.path}:${process.env['PATH']}`,
      GROUP: 'tidegate',
      REGION: 'eu-west-1',
      IMDS: `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`,
      PAUSE: '0.05',
    },
  })
  try {
    const ended = once(child, 'close')
    const said = async (): Promise<string[]> => {
      const all = (await readFile(calls, 'utf8').catch(() => '')).trim().split('\n')
      return all.filter((call) => !call.startsWith('tidegate '))
    }
    const tried = async (): Promise<boolean> =>
      (await readFile(calls, 'utf8').catch(() => '')).includes('tidegate ')
    await until('it to ask for Tidegate’s health', tried)
    assert.deepEqual(await said(), [])
    await writeFile(healthy, '')
    const hook = (name: string): string =>
      `aws autoscaling complete-lifecycle-action --region eu-west-1 --auto-scaling-group-name tidegate --instance-id i-1 --lifecycle-hook-name ${name} --lifecycle-action-result CONTINUE`
    await until('it to look at the state', () => asked > 2)
    assert.deepEqual(await said(), [hook('launching')])
    state = 'Terminated'
    assert.deepEqual(await ended, [0, null])
    assert.deepEqual(await said(), [
      hook('launching'),
      'systemctl stop tidegate.socket tidegate.service',
      hook('terminating'),
    ])
  } finally {
    child.kill('SIGKILL')
    metadata.close()
    metadata.closeAllConnections()
  }
})
