import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** Where lines go: a file that can be opened anew, or a descriptor that was inherited. */
export interface Output {
  readonly fd: number
  /** A pipe takes up to 4,096 bytes whole or not at all (POSIX `PIPE_BUF`), whoever else writes to it. */
  readonly pipe: boolean
  /** False for descriptors that are the process's own and stay open. */
  readonly owned: boolean
}

/** Largest write that no other writer can tear apart on a pipe. */
export const PIPE_BUF = 4096

/**
 * A descriptor made fit for writing without waiting. An inherited pipe is opened a second time, without blocking:
 * a blocked write would hold a thread, and Node then never exits (measured), while setting the flag on the
 * inherited one would change it for every process that shares it. What cannot be opened again is used as it is.
 */
export function inheritedOutput(fd: number): Output {
  const pipe = isPipe(fd)
  if (!pipe || process.platform !== 'linux') return { fd, pipe, owned: false }
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
    return { fd: own, pipe, owned: true }
  } catch {
    return { fd, pipe, owned: false }
  }
}

/**
 * Opens a log file for appending, its folders made as needed.
 * @throws Error of `fs` when that is not possible
 */
export function fileOutput(path: string): Output {
  makeFolder(dirname(path))
  // Without O_NONBLOCK, opening a FIFO that nobody reads would wait for ever.
  const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants
  const fd = openSync(path, O_APPEND | O_CREAT | O_NONBLOCK | O_WRONLY, 0o644)
  return { fd, pipe: isPipe(fd), owned: true }
}

/** Node's own recursive form never returns where a folder cannot be made in one that exists (below `/proc`). */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
}

export function closeOutput({ fd, owned }: Output): void {
  if (owned) closeSync(fd)
}

function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO()
  } catch {
    return false
  }
}
