import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { withTables } from '../../scripts/terraform-docs/tables.ts'
import { ROOT } from './workspace.ts'

for (const kind of ['modules', 'examples']) {
  for (const name of await readdir(join(ROOT, 'terraform', kind))) {
    test(`terraform/${kind}/${name}/README.md: its tables are current`, async () => {
      const folder = join(ROOT, 'terraform', kind, name)
      const readme = await readFile(join(folder, 'README.md'), 'utf8')
      assert.equal(readme, await withTables(readme, folder), 'npm run docs')
    })
  }
}
