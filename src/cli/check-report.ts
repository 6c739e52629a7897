import { describeOrigin, docsOf, PROBLEM_CODES } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import type { RoutingDiff } from './routing-diff.ts'

/** What a check has found, as data. */
export interface CheckOutcome {
  readonly problems: readonly Problem[]
  /** What was checked, such as `tidegate.yml`. */
  readonly subject: string
  readonly code: number
  /** Providers of which nothing is known. */
  readonly unread: readonly string[]
  readonly diff: RoutingDiff | undefined
  /** Why there is no `diff`, though one was asked for. */
  readonly notCompared?: { readonly error: string; readonly remedy: string } | undefined
}

/** One JSON document for programs. */
export function checkAsJson({ problems, subject, code, unread, diff, notCompared }: CheckOutcome): string {
  const document = {
    subject,
    valid: code === 0,
    exitCode: code,
    errors: problems.filter(({ severity }) => severity === 'error').length,
    warnings: problems.filter(({ severity }) => severity === 'warning').length,
    notRead: unread,
    problems: problems.map((problem) => ({
      code: problem.code,
      title: PROBLEM_CODES[problem.code],
      severity: problem.severity,
      message: problem.message,
      remedy: problem.remedy,
      place: describeOrigin(problem.origin),
      origin: problem.origin,
      resource: problem.resource,
      excerpt: problem.excerpt,
      docs: docsOf(problem.code),
    })),
    diff,
    notCompared,
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

/** Workflow commands of GitHub, one line each: they become notes at the lines of the change. */
export function checkAsGithub(problems: readonly Problem[]): string {
  return problems.map((problem) => `${workflowCommand(problem)}\n`).join('')
}

function workflowCommand({ code, severity, message, remedy, origin, resource }: Problem): string {
  const { source, line, column } = origin
  // Only what stands in a file can be shown at its place; all other is said in the message.
  const place =
    line === undefined ? {} : { file: source, line, ...(column === undefined ? {} : { col: column }) }
  const properties = Object.entries({ ...place, title: `${code} ${PROBLEM_CODES[code]}` })
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
    .join(',')
  const text = [
    `${line === undefined ? `${describeOrigin(origin)}: ` : ''}${message}${resource === undefined ? '' : ` (${resource})`}`,
    ...(remedy === undefined ? [] : [`→ ${remedy}`]),
    `see ${docsOf(code)}`,
  ].join('\n')
  return `::${severity} ${properties}::${escapeData(text)}`
}

/** A line end would end the command, and what follows could be another one. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
