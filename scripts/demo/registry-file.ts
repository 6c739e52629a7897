import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DOMAIN, ENVIRONMENT, SERVICE } from './registry.ts'
import type { Instance, Registry } from './registry.ts'

/** A file with `instances:` that is written anew at each change. */
export async function openFileRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-demo-'))
  const path = join(folder, 'instances.yml')
  const instances = new Map<string, Instance>()

  /** One after the other: two writers would take each other's file away. */
  let written = Promise.resolve()
  function write(): Promise<void> {
    written = written.then(replace)
    return written
  }

  /** Renamed into its place, so that nobody ever reads half of it. */
  async function replace(): Promise<void> {
    const lines = [...instances.values()].map(
      ({ id, port, tag }) =>
        `  - { name: ${SERVICE}, id: ${id}, address: 127.0.0.1, port: ${port}, tags: [${tag}] }`,
    )
    const list = lines.length === 0 ? ' []' : `\n${lines.join('\n')}`
    await writeFile(`${path}.new`, `instances:${list}\n`)
    await rename(`${path}.new`, path)
  }

  await write()
  return {
    description: `a file (${path})`,
    flags: [
      `--providers.file.filename=${path}`,
      `--providers.file.domain=${DOMAIN}`,
      `--providers.file.environment=${ENVIRONMENT}`,
    ],
    env: {},
    register(instance) {
      instances.set(instance.id, instance)
      return write()
    },
    deregister({ id }) {
      instances.delete(id)
      return write()
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true })
    },
  }
}
