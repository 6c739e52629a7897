import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importsOf } from './sources.ts'

const cases: [statement: string, imports: ReturnType<typeof importsOf>][] = [
  [`import { a } from '../b.ts'`, [{ target: 'src/b.ts', isPackage: false, typeOnly: false }]],
  [`import type { A } from './a/b.ts'`, [{ target: 'src/x/a/b.ts', isPackage: false, typeOnly: true }]],
  [
    `import {\n  a,\n  b,\n} from '../../providers/c.ts'`,
    [{ target: 'providers/c.ts', isPackage: false, typeOnly: false }],
  ],
  [`export * from './a.ts'`, [{ target: 'src/x/a.ts', isPackage: false, typeOnly: false }]],
  [`import './a.ts'`, [{ target: 'src/x/a.ts', isPackage: false, typeOnly: false }]],
  [`const a = await import('../a.ts')`, [{ target: 'src/a.ts', isPackage: false, typeOnly: false }]],
  [
    `new Worker(new URL('./w.ts', import.meta.url))`,
    [{ target: 'src/x/w.ts', isPackage: false, typeOnly: false }],
  ],
  [`import { a } from '@scope/name/part'`, [{ target: '@scope/name', isPackage: true, typeOnly: false }]],
  [`import yaml from 'yaml'`, [{ target: 'yaml', isPackage: true, typeOnly: false }]],
  [`import { readFile } from 'node:fs'`, []],
  [`// told apart from 'yaml' in a comment`, []],
]
for (const [statement, imports] of cases) {
  test(`imports are read: ${JSON.stringify(statement)}`, () => {
    assert.deepEqual(importsOf('src/x/file.ts', `${statement}\n`), imports)
  })
}
