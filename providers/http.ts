import { defineProvider } from '../src/discovery/provider.ts'
import type { ProviderTools, Update } from '../src/discovery/provider.ts'
import { openDocument } from './http/document.ts'
import { httpOptions } from './http/options.ts'
import type { HttpOptions } from './http/options.ts'

export default defineProvider({
  summary:
    'Asks an HTTP server for routers, services, middlewares and instances, and asks again for changes.',
  tagged: true,
  options: httpOptions,
  create: poll,
})

/** One question after the other; what has not changed is not told again. */
async function* poll(options: HttpOptions, tools: ProviderTools): AsyncGenerator<Update> {
  const { signal, sleep, random, onRefresh } = tools
  const document = await openDocument(options, tools)
  let asked = Promise.withResolvers<void>()
  let force = true
  onRefresh(() => {
    force = true
    asked.resolve()
  })
  try {
    while (!signal.aborted) {
      const forced = force
      force = false
      asked = Promise.withResolvers()
      const update = await document.look(forced)
      if (update) yield update
      // By chance a tenth more or less, so that many routers do not ask at once.
      await Promise.race([sleep(options.pollInterval * (0.9 + random() * 0.2)), asked.promise])
    }
  } finally {
    document.close()
  }
}
