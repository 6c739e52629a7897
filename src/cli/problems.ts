import { printProblem } from '../config/excerpt.ts'
import type { ProblemCode } from '../config/problem.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { askPage, inspecting, whereToAsk } from './inspect.ts'
import type { InspectOptions } from './inspect.ts'
import { countProblems } from './static-config.ts'

/** `tidegate problems`: everything that the running process does not serve as written. */
export const problemsCommand: CommandFactory = (context, exit) =>
  inspecting('problems', 'list everything that is not served as written, and what to do', EXAMPLES).action(
    async (flags: string[], options: InspectOptions) => exit(await problems(context, flags, options)),
  )

const EXAMPLES = `
Examples:
  tidegate problems --configFile=/etc/tidegate/tidegate.yml
  tidegate problems --address=127.0.0.1:8081 && echo "all is well"

Exit code: 0 no errors, 1 errors or refused, 2 nobody there.`

interface ProblemInfo {
  readonly code: ProblemCode
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly remedy: string
  readonly place: string
  readonly resource?: string
}

/** Causes come first, so that the first line is one. */
async function problems(
  context: CliContext,
  flags: readonly string[],
  options: InspectOptions,
): Promise<number> {
  const api = await whereToAsk(context, flags, options)
  if (typeof api === 'number') return api
  const asked = await askPage<ProblemInfo[]>(context, api, '/api/problems')
  if (typeof asked === 'number') return asked
  const { answer: found } = asked
  context.out(`${options.json ? JSON.stringify(found, null, 2) : text(found, context)}\n`)
  return found.some(({ severity }) => severity === 'error') ? 1 : 0
}

function text(found: readonly ProblemInfo[], { outColor }: CliContext): string {
  if (found.length === 0) return 'everything is served as written'
  const all = found.map(({ place, ...problem }) => ({ ...problem, origin: { source: place } }))
  return [...all.map((problem) => printProblem(problem, outColor)), countProblems(all)].join('\n\n')
}
