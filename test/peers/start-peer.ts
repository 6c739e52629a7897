import { setTimeout as delay } from 'node:timers/promises'
import { freePorts } from './free-ports.ts'
import type { PeerProcess } from './peer-process.ts'

interface Startable extends AsyncDisposable {
  start(): Promise<void>
}

const ATTEMPTS = 3
/** Milliseconds between two looks. */
const LOOK_EVERY = 20

/** Makes a peer for so many free loopback ports, and starts it. */
export async function startOnFreePorts<T extends Startable>(
  count: number,
  make: (ports: readonly number[]) => T | Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const peer = await make(await freePorts(count))
    try {
      await peer.start()
      return peer
    } catch (error) {
      await peer[Symbol.asyncDispose]()
      // Somebody else may have taken a port in between.
      if (attempt === ATTEMPTS) throw error
    }
  }
}

/**
 * Waits until a program that was started does its work.
 * @throws Error with what it printed when it ends instead, or needs longer than `within` milliseconds
 */
export async function untilReady(
  name: string,
  program: Pick<PeerProcess, 'running' | 'output'>,
  isReady: () => Promise<boolean>,
  within: number,
): Promise<void> {
  for (const end = Date.now() + within; !(await isReady()); await delay(LOOK_EVERY)) {
    if (!program.running) throw new Error(`${name} ended while it started:\n${program.output}`)
    if (Date.now() > end) throw new Error(`${name} did not start within ${within} ms:\n${program.output}`)
  }
}
