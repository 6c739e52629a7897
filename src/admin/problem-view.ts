import { describeOrigin } from '../config/problem.ts'
import type { Problem, ProblemCode } from '../config/problem.ts'
import { choice, integer, object, text } from './schema.ts'

/** A problem as the API shows it: what is wrong, where, and what to do. */
export interface ProblemInfo {
  readonly code: ProblemCode
  readonly severity: Problem['severity']
  readonly message: string
  readonly remedy: string
  /** Where it stands, in words: `routes.yml:3:7`, `tag traefik.enable=tru of web-1 (consulcatalog)`. */
  readonly place: string
  readonly source: string
  readonly line?: number
  readonly column?: number
  readonly instance?: string
  readonly key?: string
  readonly resource?: string
  readonly documentation: string
}

/**
 * All problems, causes before what follows from them, and what costs something before what costs nothing. Whoever reads
 * only the first line reads a cause.
 */
export function problemInfos(problems: readonly Problem[]): ProblemInfo[] {
  return problems
    .map((problem, index) => ({ problem, index }))
    .toSorted((a, b) => weightOf(a.problem) - weightOf(b.problem) || a.index - b.index)
    .map(({ problem }) => problemInfo(problem))
}

export function problemInfo({ code, severity, message, remedy, origin, resource }: Problem): ProblemInfo {
  const { source, line, column, instance, key } = origin
  return {
    code,
    severity,
    message,
    remedy: remedy ?? REMEDIES[code] ?? `see ${code} in the reference of problems`,
    place: describeOrigin(origin),
    source,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(instance === undefined ? {} : { instance }),
    ...(key === undefined ? {} : { key }),
    ...(resource === undefined ? {} : { resource }),
    documentation: `docs/reference/problems.md#${code.toLowerCase()}`,
  }
}

/** A source that cannot be asked comes first: what it says may be old, and much may follow from that. */
function weightOf({ code, severity }: Problem): number {
  const consequence = code === 'E214' ? 1 : code === 'E504' ? 2 : 0
  const kind = code.startsWith('E4') ? 0 : 3
  return (severity === 'error' ? 0 : 10) + kind + consequence
}

/** What to do where the problem itself, which knows more, does not say. */
const REMEDIES: Readonly<Partial<Record<ProblemCode, string>>> = {
  E101: 'correct the key or remove it',
  E102: 'correct the value',
  E103: 'add the value',
  E104: 'correct the syntax at this place',
  E105: 'remove it until a version that has it',
  E106: 'remove it',
  E107: 'correct the path, or the permissions of the file',
  E108: 'write it in the form of today',
  E109: 'remove one of the two',
  E110: 'move it to a file',
  E201: 'correct the rule',
  E202: 'correct the name of the matcher',
  E203: 'correct the argument',
  E204: 'name a service, or define exactly one beside the router',
  E205: 'define the service, or correct the name',
  E206: 'define the middleware, or correct the name',
  E207: 'correct the kind of the middleware',
  E208: 'correct the name of the entry point',
  E209: 'give all instances the same definition',
  E210: 'choose a lower priority',
  E211: 'choose another name',
  E212: 'have the operator allow it, or claim something else',
  E213: 'name one of the services',
  E214: 'correct the errors that are listed for it',
  E215: 'break the circle',
  E216: 'define the servers transport, or correct the name',
  E221: 'correct the certificate or its key',
  E222: 'renew the certificate',
  E223: 'correct the servers transport',
  E231: 'correct the plug-in',
  E301: 'correct the tag',
  E303: 'register a port, or name one by a tag',
  E304: 'register an address at which the service can be reached',
  E305: 'correct the constraint',
  E306: 'correct the template',
  E307: 'write it in the form of today when there is time',
  E401: 'see whether the source runs and can be reached from here; it is tried again by itself',
  E402: 'give a token or credentials that may read; it is tried again by itself',
  E403: 'see to the cluster of the source; it is tried again by itself',
  E404: 'see to the source; it is asked again by itself',
  E405: 'nothing: a second reading decides',
  E406: 'nothing: it leaves when it cannot be reached, and after ten minutes at the latest',
  E407: 'see whether the source can be reached',
  E501: 'choose another address, or stop what listens there',
  E502: 'report the fault; another worker has taken its place',
  E503: 'correct the path, or the permissions of the file',
  E504: 'see what its endpoints answer',
}

export const PROBLEM = object({
  code: text('Stable: the reference lists all.'),
  severity: choice('An error costs something, a warning costs nothing.', 'error', 'warning'),
  message: text('What is wrong.'),
  remedy: text('What to do about it.'),
  place: text('Where it stands, in words.'),
  source: text('A file, or the name of a provider.'),
  'line?': integer('In the file, from 1.'),
  'column?': integer('In the line, from 1.'),
  'instance?': text('The instance that carries the value.'),
  'key?': text('The tag, key, flag or variable as it was written.'),
  'resource?': text('What is affected, such as `router web@file`.'),
  documentation: text('Where it is explained.'),
})
