import fc from 'fast-check'
import { ForwardingBench } from './forwarding.ts'
import { ExchangeBench } from './exchanges.ts'
import type { Stream } from './message-grammar.ts'
import { startHaproxy, startNginx } from './peer-proxies.ts'
import { REQUESTS_AGREE } from './requests.ts'
import { ResponseBench } from './responses.ts'

type Property = fc.IAsyncProperty<[Stream]> | ExchangeBench['holds']

/** A claim about all streams of bytes, or all that two sides may do, ready to be tried. */
export interface Claim {
  readonly says: string
  /** Tries that take about a second. */
  readonly tries: number
  /** Runs `body` with the property and whatever it needs around it. */
  readonly use: (body: (property: Property) => Promise<void>) => Promise<void>
}

export const CLAIMS: readonly Claim[] = [
  {
    says: 'what Tidegate takes for a request, Node takes for the same one',
    tries: 8_000,
    use: (body) => body(REQUESTS_AGREE),
  },
  {
    says: 'what Tidegate relays as an answer, Node takes for the same one',
    tries: 1_500,
    async use(body) {
      await using bench = await ResponseBench.start()
      await body(bench.agree)
    },
  },
  {
    says: 'whatever client and endpoint do and when, nothing is thrown and nothing stays behind',
    tries: 60,
    async use(body) {
      await using bench = await ExchangeBench.start()
      await body(bench.holds)
    },
  },
  ...Object.entries({ nginx: startNginx, haproxy: startHaproxy }).map(([name, start]) => ({
    says: `what Tidegate forwards, ${name} reads as the same requests`,
    tries: 400,
    async use(body: (property: Property) => Promise<void>) {
      await using bench = await ForwardingBench.start(start)
      await body(bench.agree)
    },
  })),
]

export const randomSeed = (): number => Math.floor(Math.random() * 0x7fff_ffff)

/**
 * Tries a property with the streams that follow from a seed.
 * @throws Error with the seed and the smallest stream found that breaks it
 */
export async function attempt(property: Property, seed: number, tries: number): Promise<void> {
  const details = await fc.check<[Stream | readonly unknown[]]>(
    property as fc.IAsyncProperty<[Stream | readonly unknown[]]>,
    { seed, numRuns: tries },
  )
  if (!details.failed) return
  const why = details.errorInstance instanceof Error ? details.errorInstance.message : ''
  const found = details.counterexample?.[0]
  const smallest = JSON.stringify(found && 'pieces' in found ? found.pieces : found)
  throw new Error(`seed ${seed}, smallest stream ${smallest}\n${why}`, { cause: details.errorInstance })
}
