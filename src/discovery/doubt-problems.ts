import type { Problem } from '../config/problem.ts'
import { complain } from './complaint.ts'
import { UNPROVEN_LIMIT } from './provider.ts'
import type { PresenceGuard } from './presence-guard.ts'

const MINUTES = UNPROVEN_LIMIT / 60_000

/** What of this part serves though its source does not show it. */
export function doubtProblems(name: string, part: string, guard: PresenceGuard): Problem[] {
  const place = part === '' ? '' : ` (${part})`
  const origin = { source: name, ...(part === '' ? {} : { key: part }) }
  const held = guard.count(part, 'held')
  const unproven = guard.count(part, 'unproven')
  const problems: Problem[] = []
  if (held > 0) {
    const message = `${name}${place} says that ${removals(held)}: most of a service at once; they serve until a second reading agrees`
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

/** Parts that are served as the snapshot on disk has them. */
export function restoredProblem(name: string, parts: readonly string[]): Problem[] {
  if (parts.length === 0) return []
  const named = parts.filter((part) => part !== '')
  const which = named.length === 0 ? '' : ` (${named.join(', ')})`
  const message = `${name}${which} has not answered since the start; what the snapshot on disk says is served`
  const remedy = 'see why the source does not answer; each part is replaced as soon as it does'
  return [complain({ code: 'E407', severity: 'warning', origin: { source: name }, message, remedy })]
}

function removals(count: number): string {
  return count === 1 ? '1 of its definitions is gone' : `${count} of its instances are gone`
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}
