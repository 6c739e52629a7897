import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Mutant } from './mutants.ts'
import { MUTANTS } from './mutants.ts'
import { MutantTree } from './tree.ts'

/** Milliseconds for the tests of one fault: one that hangs the proxy is caught, too. */
const LIMIT = 240_000
/** What is to be proved. It asserts bytes and ends, never times, so that a busy machine catches nothing by itself. */
const CORPUS = 'test/conformance/corpus.test.ts'

/** `npm run mutants -- WORDS` takes only the faults whose description holds these words. */
const chosen = MUTANTS.filter(({ breaks }) => breaks.includes(process.argv[2] ?? ''))
using tree = new MutantTree()
await assertSound()
const survivors: Mutant[] = []
for (const [i, mutant] of chosen.entries()) {
  tree.apply(mutant)
  const caught = await corpusFailure()
  tree.restore(mutant)
  if (caught === undefined) survivors.push(mutant)
  console.log(`${i + 1}/${chosen.length} ${mutant.breaks} (${mutant.file}): ${caught ?? 'NOT CAUGHT'}`)
}
// A test that fails without any fault would have caught them all.
await assertSound()
console.log(`${chosen.length - survivors.length} of ${chosen.length} seeded faults were caught`)
if (survivors.length > 0) process.exitCode = 1

/** @throws Error when a test fails while no fault is in */
async function assertSound(): Promise<void> {
  const failure = await corpusFailure()
  if (failure !== undefined) throw new Error(`without any fault a test fails: ${failure}`)
}

/** Name of the first test of the corpus that fails, or how the run ended otherwise; undefined when all is well. */
function corpusFailure(): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const args = ['--test', '--test-isolation=none', '--test-reporter=tap', CORPUS]
  const child = spawn(process.execPath, args, { cwd: tree.folder, stdio: ['ignore', 'pipe', 'ignore'] })
  const end = (failure: string | undefined): void => {
    clearTimeout(timer)
    resolve(failure)
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => end('a test hangs'), LIMIT)
  createInterface({ input: child.stdout }).on('line', (line) => {
    const failed = /^not ok \d+ - (.*)/.exec(line)
    if (failed) end(failed[1])
  })
  child.on('close', (code) => end(code === 0 ? undefined : `the tests ended with ${code}`))
  return promise
}
