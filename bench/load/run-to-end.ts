import { PeerProcess } from '../../test/peers/peer-process.ts'
import { pinned } from '../machine/pinning.ts'

/** Seconds beyond its own that a generator may take: a proxy that hangs must not hang the bench. */
const PATIENCE_S = 10

/** Runs a load generator on the load's core and returns what it printed. @throws Error when it takes too long */
export async function runToEnd(command: readonly string[], seconds: number): Promise<string> {
  const [program, ...args] = pinned('load', command)
  await using generator = new PeerProcess(program, args)
  const timer = setTimeout(() => void generator.end('SIGKILL'), (seconds + PATIENCE_S) * 1_000)
  await generator.ended
  clearTimeout(timer)
  return generator.output
}
