import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withTables } from './terraform-docs/tables.ts'

/** `npm run docs`: brings the tables in the READMEs of Terraform modules and examples up to date. */
const TERRAFORM = new URL('../terraform/', import.meta.url).pathname

for (const kind of ['modules', 'examples']) {
  for (const name of await readdir(join(TERRAFORM, kind))) {
    const folder = join(TERRAFORM, kind, name)
    const path = join(folder, 'README.md')
    await writeFile(path, await withTables(await readFile(path, 'utf8'), folder))
  }
}
