import { Option } from 'commander'
import type { Explanation } from '../explain/explain.ts'
import { askPage, complain, inspecting, whereToAsk } from './inspect.ts'
import type { InspectOptions } from './inspect.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { explainFromFiles } from './explain-files.ts'
import { explainReport } from './explain-report.ts'

export interface ExplainOptions extends InspectOptions {
  readonly method?: string
  readonly header?: readonly string[]
  readonly clientIp?: string
  readonly entryPoint?: string
  readonly files?: true
}

/** `tidegate explain`: why a request goes where it goes. */
export const explainCommand: CommandFactory = (context, exit) =>
  inspecting('explain', 'tell what becomes of a request, and why', EXAMPLES)
    .usage('URL [options] [--configFile=FILE] [--any.static.option=VALUE …]')
    .option('--method <method>', 'default: GET')
    .addOption(new Option('--header <line>', '`Name: value`; may be given several times').argParser(gather))
    .option('--client-ip <address>', 'default: 127.0.0.1')
    .option('--entry-point <name>', 'default: the one that listens on the port of the URL, or the likeliest')
    .option('--files', 'explain from the files of the configuration, and ask no running process')
    .action(async (args: string[], options: ExplainOptions) => exit(await explain(context, args, options)))

const EXAMPLES = `
Examples:
  tidegate explain https://whoami.example.com/api --header="X-Tenant: a" --address=127.0.0.1:8081
  tidegate explain http://whoami.example.com/ --files --configFile=tidegate.yml

Exit code: 0 it is answered, 1 it is not, or refused, 2 nobody there.`

function gather(line: string, before: readonly string[] = []): readonly string[] {
  return [...before, line]
}

async function explain(
  context: CliContext,
  [url = '', ...flags]: readonly string[],
  options: ExplainOptions,
): Promise<number> {
  if (url === '' || url.startsWith('-')) {
    complain(context, 'the URL is missing', 'write `tidegate explain URL`, then flags')
    return 1
  }
  const explained = options.files
    ? await explainFromFiles(context, url, flags, options)
    : await explainFromProcess(context, url, flags, options)
  if (typeof explained === 'number') return explained
  const { width, outColor: color } = context
  context.out(
    `${options.json ? JSON.stringify(explained, null, 2) : explainReport(explained, { width, color })}\n`,
  )
  return explained.outcome === 'served' || explained.outcome === 'answered' ? 0 : 1
}

async function explainFromProcess(
  context: CliContext,
  url: string,
  flags: readonly string[],
  options: ExplainOptions,
): Promise<Explanation | number> {
  const api = await whereToAsk(context, flags, options)
  if (typeof api === 'number') return api
  const { method, header = [], clientIp, entryPoint } = options
  const given = Object.entries({ url, method, clientIp, entryPoint }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  const query = new URLSearchParams([...given, ...header.map((line) => ['header', line])] as [
    string,
    string,
  ][])
  const asked = await askPage<Explanation>(context, api, `/api/explain?${query.toString()}`)
  return typeof asked === 'number' ? asked : asked.answer
}
