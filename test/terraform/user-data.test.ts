import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadStaticConfig } from '../../src/config/load.ts'
import { allProviders, providerShapes } from '../../src/provider-catalogue.ts'
import { findTerraform } from '../peers/terraform.ts'
import type { Terraform } from '../peers/terraform.ts'
import { makeBase, runInside, sandboxKind } from '../ship/image/sandbox.ts'
import { done } from '../support/package.ts'
import { initialise, openWorkspace, ROOT, terraform } from './workspace.ts'

/** What a machine of the fleet does at its first start, carried out in a root of its own by stand-ins of programs. */

const CONFIGURATION = `providers:
  consulCatalog:
    endpoint:
      address: consul.test:8500
    domain: example.com
ping: { entryPoint: traefik }
entryPoints:
  web: { address: ":80" }
  traefik: { address: ":8081" }
`
const VALUES = {
  group: 'tidegate',
  region: 'eu-west-1',
  node_version: '26.10.0',
  package: 'tidegate@0.1.0',
  configuration: CONFIGURATION,
  environment: { AWS_REGION: 'eu-west-1', TIDEGATE_LOG_LEVEL: 'warn' },
  secrets: {
    TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT_TOKEN: 'arn:aws:secretsmanager:eu-west-1:1:secret:consul',
  },
}

const found = await findTerraform()
if (typeof found === 'string') test(`user data: cannot be rendered here, ${found}`, (t) => t.todo())
else byTerraform(found)

function byTerraform(given: Terraform): void {
  test('user data: installs, writes every file and starts the service', async (t) => {
    await using workspace = await openWorkspace()
    const script = await rendered(given, workspace.path)
    if ((await sandboxKind()) === 'plain')
      return t.diagnostic('only parsed: this machine allows no namespaces')
    const root = join(workspace.path, 'root')
    const calls = await carriedOut(script, root, 'archive')
    assert.deepEqual(
      calls.filter((call) => /^(?:npm|systemctl|sysctl|tar) /.test(call)),
      [
        'tar -xJf node-v26.10.0-linux-x64.tar.xz -C /usr/local --strip-components=1',
        'npm install --global --ignore-scripts --no-audit --no-fund tidegate@0.1.0',
        'sysctl --system',
        'systemctl daemon-reload',
        'systemctl enable --now tidegate.socket tidegate.service tidegate-lifecycle.service',
      ],
    )
    const there = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
    for (const [path, source] of [
      ['etc/systemd/system/tidegate.service', 'deploy/systemd/tidegate.service'],
      ['etc/systemd/system/tidegate.socket', 'deploy/systemd/tidegate.socket'],
      ['etc/sysctl.d/90-tidegate.conf', 'deploy/systemd/90-tidegate.conf'],
      [
        'usr/local/bin/tidegate-lifecycle',
        'terraform/modules/asg-fleet/user-data/files/tidegate-lifecycle.sh',
      ],
    ] as const)
      assert.equal(await there(path), await readFile(join(ROOT, source), 'utf8'), path)
    assert.equal((await stat(join(root, 'usr/local/bin/tidegate-lifecycle'))).mode & 0o777, 0o755)
    const secret = 'tidegate-providers-consulcatalog-endpoint-token'
    assert.equal((await stat(join(root, 'etc/tidegate-secrets', secret))).mode & 0o777, 0o600)
    assert.equal(await there(`etc/tidegate-secrets/${secret}`), 's3cr3t\n')
    assert.ok(
      (await there('etc/systemd/system/tidegate.service.d/secrets.conf')).includes(
        `LoadCredential=${secret}:`,
      ),
    )
    await assertLoads(await there('etc/tidegate/tidegate.yml'), await there('etc/default/tidegate'))
  })

  test('user data: an archive that is not what it should be is not unpacked', async (t) => {
    await using workspace = await openWorkspace()
    const script = await rendered(given, workspace.path)
    if ((await sandboxKind()) === 'plain')
      return t.diagnostic('only parsed: this machine allows no namespaces')
    await assert.rejects(carriedOut(script, join(workspace.path, 'root'), 'forged'), /checksum did NOT match/)
  })
}

async function rendered(given: Terraform, workspace: string): Promise<string> {
  const folder = join(workspace, 'terraform/modules/asg-fleet/user-data')
  await writeFile(join(folder, 'test.auto.tfvars.json'), JSON.stringify(VALUES))
  await initialise(given, folder)
  await terraform(given, folder, ['apply', '-auto-approve', '-input=false'])
  const script = await terraform(given, folder, ['output', '-raw', 'script'])
  const file = join(workspace, 'user-data.sh')
  await writeFile(file, script)
  await done('bash', ['-n', file], workspace)
  return script
}

/** Each notes how it was called. What is downloaded holds `download`; the sum is that of `archive`. */
function standIns(download: string): Record<string, string> {
  return {
    curl: `out= url=
while (($#)); do case $1 in --output) out=$2; shift 2 ;; -X | -H | --retry) shift 2 ;; -*) shift ;; *) url=$1; shift ;; esac; done
case $url in
*/SHASUMS256.txt) echo "$(printf archive | sha256sum | cut -d ' ' -f 1)  node-v26.10.0-linux-x64.tar.xz" >"$out" ;;
*/api/token) printf token ;;
*/availability-zone) printf eu-west-1b ;;
*) printf ${download} >"$out" ;;
esac`,
    aws: 'echo s3cr3t',
    uname: 'echo x86_64',
    fallocate: 'touch "${@: -1}"',
    ...Object.fromEntries(
      ['tar', 'npm', 'sysctl', 'systemctl', 'mkswap', 'swapon'].map((name) => [name, '']),
    ),
  }
}

/** Runs the script in a root of its own, and gives the calls of the stand-ins. */
async function carriedOut(script: string, root: string, download: string): Promise<string[]> {
  await makeBase(root)
  const bin = join(root, 'stand-ins')
  await mkdir(bin)
  for (const [name, body] of Object.entries(standIns(download))) {
    await writeFile(join(bin, name), `#!/bin/bash\necho "${name} $*" >>/calls\n${body}\n`)
    await chmod(join(bin, name), 0o755)
  }
  await writeFile(join(root, 'user-data.sh'), script)
  await runInside('namespaces', root, ['bash', '/user-data.sh'], {
    cwd: '/',
    env: { PATH: '/stand-ins:/usr/sbin:/usr/bin:/sbin:/bin' },
    user: 0,
    group: 0,
    readOnly: false,
    volumes: ['/tmp'],
    building: false,
  })
  return (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n')
}

/** The configuration, with the variables of the service, is one that Tidegate starts with. */
async function assertLoads(configuration: string, variables: string): Promise<void> {
  const lines = variables.trim().split('\n')
  const env = Object.fromEntries(
    lines.map((line) => [line.split('=')[0]!, line.split('=')[1]!.replaceAll('"', '')]),
  )
  assert.deepEqual(env, { ...VALUES.environment, TIDEGATE_ZONE: 'eu-west-1b' })
  const { config, problems } = await loadStaticConfig({
    file: 'tidegate.yml',
    flags: [],
    env,
    cpus: 2,
    readText: () => Promise.resolve(configuration),
    providers: providerShapes(await allProviders()),
  })
  assert.deepEqual(problems, [])
  assert.equal(config!.zone, 'eu-west-1b')
}
