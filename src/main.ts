#!/usr/bin/env node
// Until somebody listens, Node opens its inspector on SIGUSR1; so nothing may be imported before this.
const reopenListeners = new Set<() => void>()
process.on('SIGUSR1', () => {
  for (const reopen of reopenListeners) reopen()
})

const REQUIRED_NODE = [26, 10] as const

if (isTooOld(process.versions.node)) {
  process.stderr.write(
    `tidegate needs Node.js ${REQUIRED_NODE.join('.')} or newer, and this is ${process.versions.node}\n` +
      '  → `npm install node@26` beside it brings the right one, which `npx tidegate` then uses\n' +
      '  → in the source tree, `npm ci` brings it and `npm start` uses it\n',
  )
  process.exitCode = 1
} else {
  await main()
}

async function main(): Promise<void> {
  const { keepYoungHeapsSmall } = await import('./young-heaps.ts')
  keepYoungHeapsSmall()
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  // Whoever reads may go first (`tidegate --help | head`).
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  const [{ runCli }, { readFile }, { availableParallelism }] = await Promise.all([
    import('./cli/program.ts'),
    import('node:fs/promises'),
    import('node:os'),
  ])
  process.exitCode = await runCli(process.argv.slice(2), {
    env: process.env,
    pid: process.pid,
    cpus: availableParallelism(),
    color: process.stderr.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
    outColor: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
    width: process.stdout.columns ?? 100,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    readText: (path) => readFile(path, 'utf8'),
    onStop,
    onReload: (listener) => void process.on('SIGHUP', listener),
    onReopen: (listener) => void reopenListeners.add(listener),
  })
}

/** The first signal asks for a graceful stop; whoever sends a second one does not want to wait. */
function onStop(listener: () => void): void {
  let stopping = false
  const stop = (exitCode: number): void => {
    if (stopping) process.exit(exitCode)
    stopping = true
    listener()
  }
  process.on('SIGINT', () => stop(130))
  process.on('SIGTERM', () => stop(143))
}

function fail(error: unknown): never {
  process.stderr.write(
    `tidegate ends because of a fault of its own: ${error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exit(1)
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < REQUIRED_NODE[0] || (major === REQUIRED_NODE[0] && minor < REQUIRED_NODE[1])
}

export {}
