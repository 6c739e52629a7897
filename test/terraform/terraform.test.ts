import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadStaticConfig } from '../../src/config/load.ts'
import { allProviders, providerShapes } from '../../src/provider-catalogue.ts'
import { findTerraform } from '../peers/terraform.ts'
import type { Terraform } from '../peers/terraform.ts'
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
      const lines = (await terraform(given, place, ['test', '-json', '-verbose'])).split('\n')
      const messages = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Message)
      const summary =
        messages.find(({ test_summary: one }) => one)?.test_summary ?? assert.fail(lines.join('\n'))
      assert.deepEqual(
        { ...summary, passed: 0 },
        { status: 'pass', passed: 0, failed: 0, errored: 0, skipped: 0 },
      )
      assert.ok(summary.passed > 0)
      t.diagnostic(`${summary.passed} runs passed`)
      for (const { test_state: state } of messages)
        await assertLoads(state?.values?.outputs?.configuration?.value)
    })
  }
}

interface Message {
  readonly test_summary?: Readonly<
    Record<'status', string> & Record<'passed' | 'failed' | 'errored' | 'skipped', number>
  >
  readonly test_state?: {
    readonly values?: { readonly outputs?: { readonly configuration?: { readonly value: string } } }
  }
}

/** A configuration that a module has made is one that Tidegate starts with. */
async function assertLoads(configuration: string | undefined): Promise<void> {
  if (configuration === undefined) return
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
