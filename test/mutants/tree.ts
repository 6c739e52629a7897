import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './mutants.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The file with its fault. @throws Error when `from` is not there, or more than once */
export function mutated({ file, from, to }: Mutant): string {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} places that read: ${from}`)
  return parts.join(to)
}

/** A copy of what the tests need, in a temporary folder, into which faults can be put one at a time. */
export class MutantTree {
  readonly folder = mkdtempSync(join(tmpdir(), 'tidegate-mutants-'))

  constructor() {
    for (const part of ['src', 'test', 'package.json', 'tsconfig.json'])
      cpSync(join(ROOT, part), join(this.folder, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'))
  }

  apply(mutant: Mutant): void {
    writeFileSync(join(this.folder, mutant.file), mutated(mutant))
  }

  restore({ file }: Mutant): void {
    cpSync(join(ROOT, file), join(this.folder, file))
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
