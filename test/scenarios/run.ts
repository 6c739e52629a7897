import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { markdown } from './table.ts'
import type { Row } from './table.ts'

/**
 * `npm run scenarios`: all scenarios in full, one at a time, with a table of what was seen at the end.
 * `-- --only=NAME` runs those whose file name holds NAME; `-- --write` puts the table into docs/scenarios.md.
 */
const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
})

const folder = mkdtempSync(join(tmpdir(), 'tidegate-scenarios-'))
const table = join(folder, 'rows.jsonl')
writeFileSync(table, '')
try {
  const child = spawn(
    process.execPath,
    ['--test', '--test-concurrency=1', `test/scenarios/*${values.only}*.test.ts`],
    { stdio: 'inherit', env: { ...process.env, SCENARIOS: 'full', SCENARIOS_TABLE: table } },
  )
  const [code] = (await once(child, 'close')) as [number | null]
  const rows = readFileSync(table, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
  process.stdout.write(`\n${markdown(rows)}\n`)
  if (values.write) writeFileSync('docs/scenarios.md', page(rows))
  process.exitCode = code ?? 1
} finally {
  rmSync(folder, { recursive: true })
}

function page(rows: readonly Row[]): string {
  const date = new Date().toISOString().slice(0, 10)
  return `# Scenarios

What \`npm run scenarios -- --write\` saw on ${date}, with Node.js ${process.versions.node} on two cores, load, instances and Tidegate on one machine over loopback. Every request is counted, by cause; an answer that Tidegate made itself shows its [why-code](reference/why-codes.md). The load is an open loop: when a request is due is settled beforehand, and its latency counts from then. Half of it comes on new connections. "Contrast" is the same run with the safeguard switched off.

${markdown(rows)}
`
}
