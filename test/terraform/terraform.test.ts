import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { loadStaticConfig } from '../../src/config/load.ts'
import { allProviders, providerShapes } from '../../src/provider-catalogue.ts'
import { findTerraform } from '../peers/terraform.ts'
import type { Terraform } from '../peers/terraform.ts'
import { done } from '../support/package.ts'
import { initialise, openWorkspace, ROOT, terraform } from './workspace.ts'

/** What Terraform itself says of modules and examples. What can be said without it is in the other tests here. */

const found = await findTerraform()
const FOLDERS = (
  await Promise.all(
    ['modules', 'examples'].map(async (kind) =>
      (await readdir(join(ROOT, 'terraform', kind))).map((name) => `${kind}/${name}`),
    ),
  )
).flat()

if (typeof found === 'string')
  test(`terraform fmt, validate and test: not here, ${found}; the lint of lint.test.ts stands in`, (t) =>
    t.todo())
else byTerraform(found)

function byTerraform(given: Terraform): void {
  test('terraform fmt: nothing to change', async () => {
    await terraform(given, join(ROOT, 'terraform'), ['fmt', '-check', '-diff', '-recursive'])
  })

  for (const folder of FOLDERS) {
    test(`terraform validate (provider ${given.source}): ${folder}`, async () => {
      await using workspace = await openWorkspace()
      const place = join(workspace.path, 'terraform', folder)
      await initialise(given, place)
      assert.match(await terraform(given, place, ['validate']), /Success! The configuration is valid\./)
    })
  }

  for (const folder of FOLDERS.filter((name) => name.startsWith('modules/'))) {
    test(`terraform test (provider ${given.source}): ${folder}`, async (t) => {
      await using workspace = await openWorkspace()
      const place = join(workspace.path, 'terraform', folder)
      await initialise(given, place)
      const said = join(workspace.path, 'said.jsonl')
      // What was made is told only where it is looked at: with each run comes the schema of the whole provider.
      const verbose = folder.endsWith('/asg-fleet') ? '-verbose' : ''
      const script = `"$0" test -json ${verbose} >"$1" || { grep -v provider_schemas "$1"; exit 1; }`
      await done('sh', ['-c', script, given.binary, said], place, given.env)
      const { summary, configurations } = await read(said)
      assert.deepEqual(
        { ...summary, passed: 0 },
        { status: 'pass', passed: 0, failed: 0, errored: 0, skipped: 0 },
      )
      assert.ok(summary.passed > 0)
      t.diagnostic(`${summary.passed} runs passed`)
      for (const configuration of configurations) await assertLoads(configuration)
      if (verbose !== '') assert.ok(configurations.size >= 2)
    })
  }
}

type Summary = Readonly<
  Record<'status', string> & Record<'passed' | 'failed' | 'errored' | 'skipped', number>
>

/** Line by line: some are a dozen megabytes long. */
async function read(file: string): Promise<{ summary: Summary; configurations: ReadonlySet<string> }> {
  let summary: Summary | undefined
  const configurations = new Set<string>()
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.includes('"test_summary":'))
      summary = (JSON.parse(line) as { test_summary: Summary }).test_summary
    if (!line.includes('"test_state":')) continue
    const { test_state: state } = JSON.parse(line) as { test_state: State }
    if (state.outputs?.configuration) configurations.add(state.outputs.configuration.value)
  }
  return { summary: summary ?? assert.fail('there is no summary'), configurations }
}

interface State {
  readonly outputs?: { readonly configuration?: { readonly value: string } }
}

/** A configuration that a module has made is one that Tidegate starts with. */
async function assertLoads(configuration: string): Promise<void> {
  const { problems } = await loadStaticConfig({
    file: 'tidegate.yml',
    flags: [],
    env: {},
    cpus: 2,
    readText: () => Promise.resolve(configuration),
    providers: providerShapes(await allProviders()),
  })
  assert.deepEqual(problems, [])
}
