import { parseOptions, USAGE } from './demo/options.ts'
import { openConsulRegistry } from './demo/registry-consul.ts'
import { openFileRegistry } from './demo/registry-file.ts'
import { runShow } from './demo/show.ts'
import { Screen } from './demo/screen.ts'

/** `npm run demo`: the main job, with nothing else needed. */
const screen = new Screen(process.stdout)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

/** What was started ends in order; whoever asks twice does not want to wait for that. */
function stop(): void {
  if (stopping.signal.aborted) process.exit(130)
  stopping.abort()
}

try {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (!options) process.stdout.write(USAGE)
  else {
    await using registry = options.consul
      ? await openConsulRegistry(options.consul, process.env['CONSUL_HTTP_TOKEN'] || undefined)
      : await openFileRegistry()
    const good = await runShow({ screen, registry, once: options.once, signal: stopping.signal })
    process.exitCode = good ? 0 : 1
  }
} catch (error) {
  screen.live('')
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
