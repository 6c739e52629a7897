import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../test/peers/free-ports.ts'
import { startLoad } from '../test/support/load.ts'
import { startTidegate } from '../test/support/tidegate.ts'
import { until } from '../test/support/until.ts'

/** `npm run smoke`: one run of what is shipped, the built output, from start to a clean stop. */
const PROGRAM = 'dist/src/main.js'
const HOST = 'whoami-v1.example.com'
const REQUESTS = 200

await using folder = await temporaryFolder()
await using whoami = await startWhoami()
const instances = join(folder.path, 'instances.yml')
await writeFile(
  instances,
  `instances:\n  - { name: whoami, address: 127.0.0.1, port: ${whoami.port}, tags: [v1] }\n`,
)
const flags = [`--providers.file.filename=${instances}`, '--providers.file.domain=example.com']
await using tidegate = await startTidegate({ program: PROGRAM, flags })

const load = startLoad({
  port: tidegate.port,
  hosts: [HOST],
  rate: 500,
  requests: REQUESTS,
  verify: whoamiAnswered,
})
await load.done
assert.equal(load.tally.failed, 0, `${String(load.tally)}\n${tidegate.output}`)
assert.equal(await tidegate.end('SIGTERM'), 0, `exit code after SIGTERM\n${tidegate.output}`)
process.stdout.write(`${REQUESTS} requests through ${PROGRAM}, none failed; SIGTERM: exit code 0\n`)

function whoamiAnswered({ body }: { body: string }, id: string): string | undefined {
  return body.includes(`Request-Id: ${id}`) ? undefined : 'answer to another request'
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'tidegate-smoke-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

async function startWhoami(): Promise<AsyncDisposable & { port: number }> {
  const [port = 0] = await freePorts(1)
  const args = [PROGRAM, 'whoami', '--host=127.0.0.1', `--port=${port}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'close')
  await until('whoami to answer', () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
