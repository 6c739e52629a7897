import type { Origin, Problem } from '../config/problem.ts'
import { complain } from './complaint.ts'
import { UNPROVEN_LIMIT } from './provider.ts'
import type { PresenceGuard } from './presence-guard.ts'

const MINUTES = UNPROVEN_LIMIT / 60_000

/** What of this part serves though its source does not show it. */
export function doubtProblems(name: string, part: string, guard: PresenceGuard): Problem[] {
  const place = part === '' ? '' : ` (${part})`
  const origin = { source: name, ...(part === '' ? {} : { key: part }) }
  const routing = guard.whyKeptRouting(part)
  const held = guard.count(part, 'held') - (routing === 'held' ? 1 : 0)
  const unproven = guard.count(part, 'unproven') - (routing === 'unproven' ? 1 : 0)
  const problems: Problem[] = []
  if (routing !== undefined) problems.push(routingProblem(`${name}${place}`, routing, origin))
  if (held > 0) {
    const message = `${name}${place} says that ${held} of its instances are gone: most of a service at once; they serve until a second reading agrees`
    const remedy = 'nothing, if they were removed on purpose; else see what became of the source'
    problems.push(complain({ code: 'E405', severity: 'warning', origin, message, remedy }))
  }
  if (unproven > 0) {
    const message = `${name}${place} no longer shows ${plural(unproven, 'instance')}, but has not said that they are gone; they serve while they can be reached, ${MINUTES} minutes at most`
    const remedy = 'register them again, or see whether the source has lost data or sight'
    problems.push(complain({ code: 'E406', severity: 'warning', origin, message, remedy }))
  }
  return problems
}

function routingProblem(source: string, why: 'held' | 'unproven', origin: Origin): Problem {
  if (why === 'held') {
    const message = `${source} says that its routing is gone, or most of it; it serves until a second reading agrees`
    const remedy = 'nothing, if it was removed on purpose; else see what became of the source'
    return complain({ code: 'E405', severity: 'warning', origin, message, remedy })
  }
  const message = `${source} no longer shows its routing, or most of it, and may have lost its data; what it showed serves, ${MINUTES} minutes at most`
  const remedy = 'bring back what was lost; it is served as soon as it is there'
  return complain({ code: 'E406', severity: 'warning', origin, message, remedy })
}

/** Parts that are served as the snapshot on disk has them. */
export function restoredProblem(name: string, parts: readonly string[]): Problem[] {
  if (parts.length === 0) return []
  const named = parts.filter((part) => part !== '')
  const which = named.length === 0 ? '' : ` (${named.join(', ')})`
  const message = `${name}${which} has not answered since the start; what the snapshot on disk says is served`
  const remedy = 'see why the source does not answer; each part is replaced as soon as it does'
  return [complain({ code: 'E407', severity: 'warning', origin: { source: name }, message, remedy })]
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}
