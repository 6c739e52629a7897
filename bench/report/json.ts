import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { judge } from '../targets.ts'
import type { Run } from './markdown.ts'

const FOLDER = new URL('../results/', import.meta.url).pathname

/** Writes every value of every round, so that a later run can be compared with this one. Returns the file's path. */
export async function writeJson({ machine, effort, trials, figures }: Run): Promise<string> {
  await mkdir(FOLDER, { recursive: true })
  const path = join(FOLDER, `${machine.date.replaceAll(/[:.]/g, '-')}.json`)
  const targets = judge(figures).map(({ target, figure, met }) => ({ ...target, figure, met }))
  const results = {
    machine,
    effort,
    trials: trials.map(({ about }) => about),
    targets,
    figures: figures.all,
    absent: figures.absent,
  }
  await writeFile(path, `${JSON.stringify(results, undefined, 2)}\n`)
  return path
}
