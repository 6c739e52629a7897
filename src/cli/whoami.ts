import { Command } from 'commander'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { formatDuration, parseDuration } from '../config/duration.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { answerWhoami } from './whoami-answer.ts'

interface WhoamiOptions {
  readonly port: string
  readonly host?: string
  readonly name: string
  readonly delay: string
}

/** `tidegate whoami`: a service to try routes with. */
export const whoamiCommand: CommandFactory = (context, exit) =>
  new Command('whoami')
    .description('serve HTTP and tell each client what arrived, to try routes with')
    .option('--port <port>', 'port to listen on; 0: any that is free', '8080')
    .option('--host <host>', 'address to listen on (default: all)')
    .option('--name <name>', 'name that is told in the answers', '')
    .option('--delay <duration>', 'time that each answer takes, such as `200ms`', '0s')
    .addHelpText('after', EXAMPLES)
    .action(async (options: WhoamiOptions) => exit(await whoami(context, options)))

const EXAMPLES = `
Paths: any path tells the request; /api the same as JSON; /health answers 200. ?wait=2s waits before the answer.

Examples:
  tidegate whoami --port=8081 --name=first
  tidegate whoami --port=0 --delay=200ms

Exit code: 0 stopped when told to, 1 it could not start.`

async function whoami(context: CliContext, options: WhoamiOptions): Promise<number> {
  const port = /^\d{1,5}$/.test(options.port) ? Number(options.port) : Number.NaN
  const delay = parseDuration(options.delay)
  if (!(port <= 65_535)) return complain(context, `--port ${options.port}: expected a number from 0 to 65535`)
  if (delay === undefined || delay < 0) {
    return complain(context, `--delay ${options.delay}: expected a duration such as \`200ms\``)
  }
  const stop = Promise.withResolvers<void>()
  context.onStop(() => stop.resolve())
  const server = await createWhoami(options.name, delay)
  const fault = await listen(server, port, options.host)
  if (fault !== undefined) return complain(context, fault)
  const bound = server.address() as AddressInfo
  context.out(
    `whoami${options.name === '' ? '' : ` ${options.name}`} listens on ${addressText(bound)}${delay === 0 ? '' : `, delay ${formatDuration(delay)}`}\n`,
  )
  await stop.promise
  await close(server)
  return 0
}

/** As most Node services are: nothing new is accepted, and what is in flight finishes. */
async function createWhoami(name: string, delay: number): Promise<Server> {
  // Only here: `run` loads this file too, and this import costs 15 MiB.
  const { createServer } = await import('node:http')
  const server = createServer((request, response) => {
    answerWhoami(request, response, { name, delay, closing: () => !server.listening })
  })
  return server
}

async function listen(server: Server, port: number, host: string | undefined): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    resolve(
      `cannot listen on port ${port}: ${error.code === 'EADDRINUSE' ? 'it is in use' : (error.code ?? error.message)}`,
    )
  })
  server.listen({ port, ...(host === undefined ? {} : { host }) }, () => resolve(undefined))
  return promise
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  return promise
}

function addressText({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

function complain(context: CliContext, message: string): number {
  context.err(`${message}\n`)
  return 1
}
