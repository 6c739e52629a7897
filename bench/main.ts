import { ALL } from './contestants.ts'
import { describeMachine } from './machine/description.ts'
import { parseOptions, USAGE } from './options.ts'
import type { BenchOptions } from './options.ts'
import { findPrograms } from './programs.ts'
import type { Programs } from './programs.ts'
import { writeJson } from './report/json.ts'
import { markdownReport } from './report/markdown.ts'
import { Stage } from './stage.ts'
import { selectProfiledCase, selectTrials } from './trials.ts'
import type { Trial } from './trial.ts'
import { profileWorker } from './trials/profile.ts'

/** Without these there is no load and no origin; without h2load only HTTP/2 is left out, without a peer the peer. */
const INDISPENSABLE = ['nginx', 'wrk', 'taskset', 'openssl']

// Leaving by `exit` ends every child process, each by its own number.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => process.exit(code))

try {
  await main(parseOptions(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function main(options: BenchOptions): Promise<void> {
  const trials = selectTrials(options)
  if (options.help) return void process.stdout.write(USAGE)
  if (options.list) return void process.stdout.write(trials.map(({ about }) => `${about}\n`).join(''))
  const programs = await findPrograms()
  reportMissing(programs)
  const machine = await describeMachine(programs)
  await using stage = await Stage.open(options, programs)
  if (options.profile) {
    const load = selectProfiledCase(options)
    return void process.stdout.write(`${load.name}\n\n${await profileWorker(stage, load)}\n`)
  }
  announce(stage, trials)
  for (const trial of trials) await runTrial(stage, trial)
  const run = { machine, effort: options.effort, trials, figures: stage.figures }
  process.stdout.write(markdownReport(run))
  stage.say(`all values are in ${await writeJson(run)}`)
}

/** @throws Error when there is no doing without */
function reportMissing({ missing }: Programs): void {
  for (const [name, hint] of missing) process.stderr.write(`bench: ${name} is missing; get it: ${hint}\n`)
  const lacking = INDISPENSABLE.filter((name) => missing.has(name))
  if (lacking.length > 0) throw new Error(`nothing can be measured without ${lacking.join(', ')}`)
}

function announce(stage: Stage, trials: readonly Trial[]): void {
  const taking = ALL.filter((contestant) => stage.takesPart(contestant)).length
  const seconds = trials.reduce((sum, trial) => sum + trial.duration(stage.effort, taking), 0)
  stage.say(`${trials.length} trials, about ${Math.ceil(seconds / 60)} minutes; Ctrl-C ends everything`)
}

/** What goes wrong in one trial is said, and costs that trial alone. */
async function runTrial(stage: Stage, trial: Trial): Promise<void> {
  stage.say(trial.about)
  try {
    await trial.run(stage)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    stage.say(`${trial.name} failed: ${reason}`)
    stage.figures.addAbsent(trial.name, 'this trial', `failed: ${reason.split('\n')[0]}`)
    process.exitCode = 1
  }
}
