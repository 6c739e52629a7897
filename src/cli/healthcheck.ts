import { Command } from 'commander'
import type { ListenAddress, StaticConfig } from '../config/static.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { loadForCli, report } from './static-config.ts'

/** Milliseconds; orchestrators give a health check 5 s as a rule. */
const TIMEOUT = 4_000

/** `tidegate healthcheck`: for orchestrators that ask by a command. */
export const healthcheckCommand: CommandFactory = (context, exit) =>
  new Command('healthcheck')
    .description('ask the running Tidegate whether it serves')
    .usage('[--configFile=FILE] [--any.static.option=VALUE …]')
    .argument('[flags...]', 'the same static options that `run` was given')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .action(async (flags: string[]) => exit(await healthcheck(context, flags)))

const EXAMPLES = `
Examples:
  tidegate healthcheck --configFile=/etc/tidegate/tidegate.yml
  tidegate healthcheck --ping --entryPoints.traefik.address=:8081

Exit code: 0 it serves, 1 it does not.`

async function healthcheck(context: CliContext, flags: readonly string[]): Promise<number> {
  const { config, problems } = await loadForCli(context, flags)
  if (!config) {
    report(context, problems)
    return 1
  }
  const url = pingUrl(config)
  if (url === undefined) {
    context.err(
      '`ping` is not configured, so nothing answers\n  → start Tidegate and this command with `--ping`\n',
    )
    return 1
  }
  const outcome = await ask(url)
  if (outcome === 'ok') context.out(`OK: ${url}\n`)
  else context.err(`not healthy: ${url} ${outcome}\n`)
  return outcome === 'ok' ? 0 : 1
}

/** Where the ping page is, or undefined when there is none. */
export function pingUrl({ ping, entryPoints }: StaticConfig): string | undefined {
  const entryPoint = ping && entryPoints.get(ping.entryPoint)
  return entryPoint && `http://${reachableHost(entryPoint.listen)}:${entryPoint.listen.port}/ping`
}

/** A host under which this machine reaches what listens there. */
export function reachableHost({ host }: ListenAddress): string {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

async function ask(url: string): Promise<string> {
  try {
    // Only here: `run` loads this file too, and undici costs megabytes.
    const { request } = await import('undici')
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(TIMEOUT) })
    await body.dump()
    return statusCode === 200 ? 'ok' : `answered ${statusCode}`
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException
    return name === 'TimeoutError'
      ? `did not answer within ${TIMEOUT / 1_000} s`
      : `could not be reached (${code ?? name})`
  }
}
