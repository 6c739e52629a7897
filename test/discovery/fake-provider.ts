import type { Instance, ProviderTools, Update } from '../../src/discovery/provider.ts'

type Step = { readonly update: Update } | { readonly error: Error } | { readonly end: true }

/** A provider that says what a test tells it to say. */
export class FakeProvider {
  readonly #steps: Step[] = []
  #wake: (() => void) | undefined
  /** How often it was started. */
  starts = 0
  /** The tools of the last start. */
  tools: ProviderTools | undefined

  readonly create = (tools: ProviderTools): AsyncIterable<Update> => {
    this.starts++
    this.tools = tools
    return this.#run(tools.signal)
  }

  yields(...updates: Update[]): void {
    this.#add(...updates.map((update) => ({ update })))
  }

  throws(message: string): void {
    this.#add({ error: new Error(message) })
  }

  ends(): void {
    this.#add({ end: true })
  }

  #add(...steps: Step[]): void {
    this.#steps.push(...steps)
    this.#wake?.()
  }

  async *#run(signal: AbortSignal): AsyncGenerator<Update> {
    signal.addEventListener('abort', () => this.#wake?.())
    while (!signal.aborted) {
      const step = this.#steps.shift()
      if (!step) await new Promise<void>((resolve) => (this.#wake = resolve))
      else if ('error' in step) throw step.error
      else if ('end' in step) return
      else yield step.update
    }
  }
}

export function instance(id: string, more: Partial<Instance> = {}): Instance {
  return {
    id,
    name: 'whoami',
    address: '10.0.0.1',
    ports: [{ port: 80 }],
    tags: [],
    health: 'passing',
    ...more,
  }
}
