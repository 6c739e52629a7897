import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Guides whose snippets are run: files are written, commands are run, and their output is what stands below them. */
const GUIDES = ['migrating-from-traefik.md']

for (const guide of GUIDES) {
  test(`docs/guides/${guide} prints what it says`, async () => {
    const text = await readFile(new URL(`../../docs/guides/${guide}`, import.meta.url), 'utf8')
    const dir = await mkdtemp(join(tmpdir(), 'tidegate-guide-'))
    try {
      let commands = 0
      for (const { what, path, body } of blocksOf(text)) {
        if (what === 'file') {
          await mkdir(dirname(join(dir, path)), { recursive: true })
          await writeFile(join(dir, path), body)
        } else if (what === 'made') assert.equal(await readFile(join(dir, path), 'utf8'), body)
        else {
          commands++
          const [command = '', ...expected] = body.split('\n')
          assert.equal(await outputOf(command, dir), expected.join('\n'), command)
        }
      }
      assert.ok(commands >= 2)
    } finally {
      await rm(dir, { recursive: true })
    }
  })
}

interface Block {
  readonly what: 'file' | 'made' | 'command'
  readonly path: string
  readonly body: string
}

function blocksOf(text: string): Block[] {
  const found = text.matchAll(/(?:<!-- (file|made): (\S+) -->\s+)?```(\w+)\n(.*?)```/gs)
  return [...found].flatMap(([, what, path = '', language, body = '']): Block[] => {
    if (what === 'file' || what === 'made') return [{ what, path, body }]
    return language === 'console' ? [{ what: 'command', path, body }] : []
  })
}

/** Standard output, and then standard error. */
function outputOf(command: string, dir: string): Promise<string> {
  const [, ...args] = command.replace(/^\$ /, '').split(' ')
  const { promise, resolve } = Promise.withResolvers<string>()
  execFile(process.execPath, [MAIN, ...args], { cwd: dir }, (_, out, err) => resolve(out + err))
  return promise
}
