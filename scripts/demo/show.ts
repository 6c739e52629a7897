import type { Tally } from '../../test/support/load-tally.ts'
import { hostOf, SERVICE } from './registry.ts'
import type { Registry } from './registry.ts'
import { RATE, Roll } from './roll.ts'
import type { Replacement } from './roll.ts'
import type { Screen } from './screen.ts'
import { Stage } from './stage.ts'

const TAGS = ['v1', 'v1', 'v2']
const LIVE_EVERY = 100

export interface Show {
  readonly screen: Screen
  readonly registry: Registry
  readonly once: boolean
  /** Ends it early. */
  readonly signal: AbortSignal
}

/** The whole demo; true when no request failed and every replacement had at least one in flight. */
export async function runShow(show: Show): Promise<boolean> {
  const { screen, registry, signal } = show
  screen.line(
    `Starting two instances of ${SERVICE} v1, one of v2, and Tidegate, which finds them through ${registry.description}.`,
  )
  await using stage = await Stage.open(registry, TAGS, (line) => showLog(screen, line))
  await using roll = new Roll(stage, TAGS, signal)
  await roll.served(stage.instances)
  printRoutes(screen, stage)
  const replacements = await rollOn(show, stage, roll)
  const interrupted = signal.aborted
  const tally = await roll.stop()
  printResult(screen, tally, replacements)
  const covered =
    replacements.every(({ inFlight }) => inFlight > 0) && (interrupted || replacements.length > 0)
  return tally.failed === 0 && covered
}

/** Of Tidegate's log, what it says of members that come and go, and of anything that is wrong. */
function showLog(screen: Screen, line: string): void {
  const { msg = '', level, service } = logFields(line)
  const matters = service !== undefined || level === 'warn' || level === 'error'
  if (matters && msg !== '') screen.line(screen.paint('dim', `  tidegate: ${msg}`))
}

interface LogFields {
  readonly msg?: string
  readonly level?: string
  readonly service?: string
}

function logFields(line: string): LogFields {
  try {
    return JSON.parse(line) as LogFields
  } catch {
    return { msg: line, level: 'error' }
  }
}

/** Every instance in turn: once, or until somebody ends it. */
async function rollOn({ screen, once, signal }: Show, stage: Stage, roll: Roll): Promise<Replacement[]> {
  const replacements: Replacement[] = []
  const live = setInterval(() => screen.live(countsLine(screen, roll)), LIVE_EVERY)
  try {
    do {
      for (const old of stage.instances.slice()) {
        const replacement = await roll.replace(old)
        replacements.push(replacement)
        printReplacement(screen, replacement, roll.tally)
      }
    } while (!once)
    return replacements
  } catch (error) {
    if (!signal.aborted) throw error
    return replacements
  } finally {
    clearInterval(live)
    screen.live('')
  }
}

function printRoutes(screen: Screen, { instances, port }: Stage): void {
  const tags = [...new Set(TAGS)]
  screen.line()
  screen.line(screen.paint('bold', `  ${'HOST'.padEnd(30)}${'SERVICE'.padEnd(14)}INSTANCES`))
  for (const tag of tags) {
    const found = instances.filter((instance) => instance.tag === tag)
    const names = found.map((instance) => `${instance.id} (127.0.0.1:${instance.port})`)
    screen.line(`  ${hostOf(tag).padEnd(30)}${`${SERVICE}-${tag}`.padEnd(14)}${names.join(', ')}`)
  }
  screen.line()
  screen.line('Try it from another terminal:')
  for (const tag of tags)
    screen.line(screen.paint('cyan', `  curl -H 'Host: ${hostOf(tag)}' http://127.0.0.1:${port}/`))
  screen.line()
  screen.line(`Replacing every instance under ${RATE} requests a second: half POST, half on new connections.`)
  screen.line()
}

function printReplacement(screen: Screen, { old, successor, inFlight }: Replacement, tally: Tally): void {
  const verdict =
    inFlight > 0 ? `${inFlight} in flight, answered` : screen.paint('yellow', 'nothing in flight')
  screen.line(`  ${old} → ${successor}: ${verdict}; ${counts(screen, tally)}`)
}

function printResult(screen: Screen, tally: Tally, replacements: readonly Replacement[]): void {
  const least = Math.min(...replacements.map(({ inFlight }) => inFlight))
  screen.line()
  screen.line(
    `${replacements.length} instances replaced, ${replacements.length === 0 ? 0 : least} or more requests in flight at each; ${counts(screen, tally)}.`,
  )
  for (const { method, path, cause } of tally.failures)
    screen.line(screen.paint('red', `  ${method} ${path}: ${cause}`))
}

function countsLine(screen: Screen, roll: Roll): string {
  return `  ${counts(screen, roll.tally)}, ${roll.inFlight} in flight`
}

function counts(screen: Screen, { ended, failed }: Tally): string {
  const verdict = screen.paint(failed === 0 ? 'green' : 'red', `${failed} failed`)
  return `${ended.toLocaleString('en')} requests, ${verdict}`
}
