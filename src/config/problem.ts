/** Where a value came from, so that every complaint can name it. */
export interface Origin {
  /** A file's path, `environment`, `flags`, or the name of a provider such as `consulcatalog`. */
  readonly source: string
  /** 1-based. */
  readonly line?: number
  /** 1-based. */
  readonly column?: number
  /** The service instance that carried the value. */
  readonly instance?: string
  /** The tag, label, store key, flag or variable as it was written. */
  readonly key?: string
}

/**
 * The stable codes of everything that can be wrong with configuration and discovery.
 * 1xx: any configuration. 2xx: routing. 3xx: tags and instances. 4xx: providers. 5xx: this process.
 */
export const PROBLEM_CODES = {
  E101: 'unknown key',
  E102: 'wrong value',
  E103: 'required value is missing',
  E104: 'syntax error',
  E105: 'understood but not built yet',
  E106: 'has no effect',
  E107: 'file cannot be read',
  E108: 'configuration of an older Traefik',
  E109: 'key given twice',
  E110: 'not allowed from this source',
  E201: 'rule is malformed',
  E202: 'unknown matcher',
  E203: 'wrong argument of a matcher',
  E204: 'router has no service',
  E205: 'unknown service',
  E206: 'unknown middleware',
  E207: 'unknown kind of middleware',
  E208: 'unknown entry point',
  E209: 'conflicting definitions',
  E210: 'priority out of range',
  E211: 'name is not allowed',
  E212: 'claim is not allowed',
  E213: 'router cannot be linked to one of several services',
  E214: 'resource left out because of its errors',
  E215: 'service leads back to itself',
  E216: 'unknown servers transport',
  E221: 'certificate cannot be used',
  E222: 'certificate is not valid now',
  E223: 'servers transport cannot be used',
  E231: 'plugin cannot be loaded',
  E301: 'tag is not understood',
  E303: 'port is missing',
  E304: 'address is refused',
  E305: 'constraint is malformed',
  E306: 'template is malformed',
  E307: 'old form',
  E401: 'source cannot be reached',
  E402: 'source denied access',
  E403: 'source has no leader',
  E404: 'answer is not sound',
  E405: 'removal of most instances is held back',
  E406: 'absence is not proved',
  E407: 'served from the snapshot on disk',
  E501: 'address cannot be listened on',
  E502: 'worker failed',
  E503: 'snapshot on disk cannot be used',
  E504: 'no endpoint is ready',
} as const

export type ProblemCode = keyof typeof PROBLEM_CODES

/** Where the documentation explains a code. */
export function docsOf(code: ProblemCode): string {
  return `docs/reference/problems.md#${code.toLowerCase()}`
}

/** One thing that is not served as written: what is wrong, where, and what to do. */
export interface Problem {
  readonly code: ProblemCode
  /** An error costs something (a key, a router, a file); a warning costs nothing. */
  readonly severity: 'error' | 'warning'
  /** What is wrong, as a sentence without a full stop. Never holds a secret. */
  readonly message: string
  /** What to do about it, as a sentence without a full stop. */
  readonly remedy?: string
  readonly origin: Origin
  /** What is affected, such as `router web@file`. */
  readonly resource?: string
  /** Where in a value the error is: the value as written, and the offset and length of the error in it. */
  readonly within?: { readonly text: string; readonly offset: number; readonly length: number }
  /** The source line at `origin.line`, for the caret below it. */
  readonly excerpt?: string
}

/** Start-up cannot go on; `problems` says why. Nothing listens when this is thrown. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'))
    this.problems = problems
  }
}

/** `file.yml:3:7`, `tag traefik.enable=tru of web-1 (consulcatalog)`, `TIDEGATE_LOG_LEVEL (environment)` … */
export function describeOrigin({ source, line, column, instance, key }: Origin): string {
  if (line !== undefined) return `${source}:${line}${column === undefined ? '' : `:${column}`}`
  if (instance !== undefined) return `${key === undefined ? '' : `tag ${key} of `}${instance} (${source})`
  return key === undefined ? source : `${key} (${source})`
}
