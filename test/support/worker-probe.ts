import { registerHooks } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { BroadcastChannel, isMainThread } from 'node:worker_threads'

/** What a test may ask of every worker that was started with `--import` of this file. */
export type ProbeQuestion = 'reset' | 'delay' | 'modules' | 'throw' | 'exit' | 'fill memory' | 'block'

interface Question {
  readonly question: ProbeQuestion
  readonly taken: SharedArrayBuffer | null
}

export interface ProbeAnswer {
  /** Longest time for which the worker's event loop did not turn, in milliseconds. */
  readonly delay?: number
  /** Addresses of everything that was loaded. */
  readonly modules?: readonly string[]
}

if (!isMainThread) {
  const questions = new BroadcastChannel('worker probe')
  const answers = new BroadcastChannel('worker probe answers')
  const modules: string[] = []
  registerHooks({
    load(url, context, next) {
      modules.push(url)
      return next(url, context)
    },
  })
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  const act: Record<ProbeQuestion, () => void> = {
    reset: () => delays.reset(),
    delay: () => answers.postMessage({ delay: delays.max / 1e6 }),
    modules: () => answers.postMessage({ modules }),
    throw: () =>
      queueMicrotask(() => {
        throw new Error('a fault of the test')
      }),
    // Ends this thread alone.
    exit: () => process.exit(3),
    'fill memory': fillMemory,
    block: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500),
  }
  questions.onmessage = (event) => {
    const { question, taken } = (event as { data: unknown }).data as Question
    // Only the first worker that sees it obeys.
    if (taken && Atomics.exchange(new Int32Array(taken), 0, 1) === 1) return
    act[question]()
  }
  ;(questions as unknown as { unref(): void }).unref()
}

function fillMemory(): void {
  const kept: number[][] = []
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, i) => i + kept.length))
}
