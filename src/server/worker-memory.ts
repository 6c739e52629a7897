import { totalmem } from 'node:os'
import type { ResourceLimits } from 'node:worker_threads'

const MIB = 1024 * 1024
/** MiB of heap. Below the first a worker cannot hold a table worth the name; above the last collections get long. */
const HEAP = { least: 64, most: 4_096 }
/**
 * MiB of heap for what is new. A collection of it copies whatever lives, and while a large plan comes everything does:
 * 10 to 32 ms of stall with V8's own 48 MiB, 4 to 9 ms with 6, and no difference in CPU per request.
 */
const YOUNG_HEAP = 6
/** What all workers' heaps may take together; the rest is for the control plane, buffers and the system. */
const SHARE = 0.5

/** Limits of each of `workers` threads on a machine, or in a control group, of so many bytes of memory. */
export function workerLimits(workers: number, memory: number = memoryOfThisProcess()): ResourceLimits {
  const share = Math.floor((memory * SHARE) / workers / MIB)
  return {
    maxOldGenerationSizeMb: Math.min(HEAP.most, Math.max(HEAP.least, share)),
    maxYoungGenerationSizeMb: YOUNG_HEAP,
  }
}

/** The limit of the control group where there is one, and the machine's memory otherwise. */
function memoryOfThisProcess(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
