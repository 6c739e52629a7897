import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProbeLine } from './probe.ts'

/** What all threads have seen from one moment to another, in milliseconds since 1970. */
export async function probeLines(folder: string, from: number, to: number): Promise<ProbeLine[]> {
  const lines: ProbeLine[] = []
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.jsonl')) continue
    const text = await readFile(join(folder, file), 'utf8')
    for (const line of text.split('\n')) if (line !== '') lines.push(JSON.parse(line) as ProbeLine)
  }
  return lines.filter(({ at }) => at >= from && at <= to)
}
