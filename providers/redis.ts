import type { Problem } from '../src/config/problem.ts'
import { defineProvider } from '../src/discovery/provider.ts'
import type { ProviderTools, Update } from '../src/discovery/provider.ts'
import { watchKeyStore } from './parts/key-store.ts'
import { redisOptions } from './redis/options.ts'

export default defineProvider({
  summary: 'Routing from the keys of Redis or Valkey.',
  tagged: false,
  options: redisOptions,
  async *create(options, tools) {
    const store = await import('./redis/store.ts').catch((error: unknown) => ({ error }))
    if ('error' in store) yield* withoutClient(store.error, tools)
    else yield* watchKeyStore(await store.redisStore(options, tools), tools)
  },
})

/** No waiting installs a package, so it is said once. */
async function* withoutClient(error: unknown, { name, signal }: ProviderTools): AsyncGenerator<Update> {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException
  const failure: Problem = {
    code: 'E401',
    severity: 'error',
    message: `the optional package @redis/client, which Redis is read through, cannot be loaded: ${code}`,
    remedy: 'install it with `npm install @redis/client` beside Tidegate, and start again',
    origin: { source: name },
  }
  yield { failure }
  await new Promise<void>((done) => {
    if (signal.aborted) done()
    signal.addEventListener('abort', () => done(), { once: true })
  })
}
