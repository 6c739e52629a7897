import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { awsBinary, consulBinary, etcdctlBinary, redisCliBinary } from '../peers/binaries.ts'
import { runGiven } from '../cli/run-given.ts'
import { startConsul } from '../peers/consul.ts'
import { startEtcd } from '../peers/etcd.ts'
import { startRedis } from '../peers/redis.ts'
import { until } from '../support/until.ts'
import { answers } from './answers.ts'
import { AwsStage } from './aws-stage.ts'
import { CleanFolder } from './clean-folder.ts'
import type { Finished, FolderOptions } from './clean-folder.ts'
import type { Need, Snippet } from './snippets.ts'
import { snippetsOf } from './snippets.ts'

/** Every snippet of the guides is carried out, in order, in a folder that was empty; see `Use` for what comments mean. */

const ROOT = new URL('../../', import.meta.url)
const GUIDES = readdirSync(new URL('docs/guides/', ROOT)).map((name) => `docs/guides/${name}`)
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/runbook.md', ...GUIDES]
const ANSWERS_WITHIN = 30_000

for (const path of DOCUMENTS) {
  test(`${path}: does what it says`, async () => {
    const { needs, snippets } = snippetsOf(readFileSync(new URL(path, ROOT), 'utf8'))
    for (const { use } of snippets) if (use.kind === 'run by') provenElsewhere(path, use.test)
    if (snippets.some(({ use }) => isCarriedOut(use.kind))) await carryOut(path, needs, snippets)
  })
}

function isCarriedOut(kind: Snippet['use']['kind']): boolean {
  return kind !== 'not run' && kind !== 'run by'
}

function provenElsewhere(path: string, name: string): void {
  assert.ok(existsSync(new URL(name, ROOT)), `${path}: ${name} does not exist`)
}

async function carryOut(path: string, needs: readonly Need[], snippets: readonly Snippet[]): Promise<void> {
  await using stage = new AsyncDisposableStack()
  const options = await optionsFor(needs, stage)
  const texts = snippets.map(({ text }) => text)
  const folder = stage.use(await CleanFolder.open(texts, options))
  for (const [index, snippet] of snippets.entries()) {
    try {
      if (snippet.use.kind === 'answer') assert.ok(isAsked(snippets[index - 1]), 'nothing is run before it')
      await carryOutOne(folder, snippet, snippets[index + 1])
      if (isLastFile(snippets, index)) await checkFiles(folder, snippets.slice(0, index + 1))
      await options.afterEach?.(folder)
    } catch (error) {
      throw new Error(`${path}:${snippet.line}: ${String(error)}`, { cause: error })
    }
  }
}

function isAsked(before: Snippet | undefined): boolean {
  return before?.use.kind === 'run' || before?.use.kind === 'ask'
}

/** Files that follow each other may name each other. */
function isLastFile(snippets: readonly Snippet[], index: number): boolean {
  return snippets[index]!.use.kind === 'file' && snippets[index + 1]?.use.kind !== 'file'
}

async function checkFiles(folder: CleanFolder, written: readonly Snippet[]): Promise<void> {
  const first = written.findLastIndex(({ use }) => use.kind !== 'file') + 1
  const names = written
    .slice(first)
    .flatMap(({ use }) => (use.kind === 'file' && use.checked ? [use.name] : []))
  // By the decoder that `run` uses; nothing may be wrong, and nothing without effect.
  if (names.length > 0) valid(await folder.run(`tidegate check ${names.join(' ')}`))
}

interface Stage extends FolderOptions {
  /** What goes on elsewhere in the meantime. */
  readonly afterEach?: (folder: CleanFolder) => Promise<void>
}

async function optionsFor(needs: readonly Need[], stage: AsyncDisposableStack): Promise<Stage> {
  const given: Stage = { programs: {}, env: {}, ports: {}, copy: needs.includes('copy') }
  const peers = needs.filter((need) => need !== 'copy')
  const parts = await Promise.all(peers.map((need) => PEERS[need](stage)))
  return parts.reduce<Stage>(
    (all, part) => ({
      ...all,
      ...part,
      programs: { ...all.programs, ...part.programs },
      env: { ...all.env, ...part.env },
      ports: { ...all.ports, ...part.ports },
    }),
    given,
  )
}

const PEERS: Readonly<
  Record<Exclude<Need, 'copy'>, (stage: AsyncDisposableStack) => Promise<Partial<Stage>>>
> = {
  async consul(stage) {
    const { address, port } = stage.use(await startConsul())
    const programs = { consul: `"${await consulBinary()}"` }
    return { programs, env: { CONSUL_HTTP_ADDR: address }, ports: { 8500: port } }
  },
  async etcd(stage) {
    const { endpoints } = stage.use(await startEtcd())
    const programs = { etcdctl: `"${await etcdctlBinary()}"` }
    const [endpoint = ''] = endpoints
    // As after the guide's `export`; etcd minds no user before it has any.
    const env = { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoint, ETCDCTL_USER: 'root:correct-horse' }
    return { programs, env, ports: { 2379: Number(endpoint.split(':')[1]) } }
  },
  async redis(stage) {
    const { port } = stage.use(await startRedis())
    const programs = { 'redis-cli': `"${await redisCliBinary()}" -p ${port}` }
    return { programs, ports: { 6379: port } }
  },
  async moto(stage) {
    const aws = stage.use(await AwsStage.start())
    // Debian's knows no AWS_ENDPOINT_URL yet.
    const programs = { aws: `"${await awsBinary()}" --endpoint-url=${aws.url}` }
    return { programs, env: aws.env, afterEach: (folder) => aws.serve(folder) }
  },
}

async function carryOutOne(folder: CleanFolder, snippet: Snippet, next: Snippet | undefined): Promise<void> {
  const { use, text } = snippet
  const expected = next?.use.kind === 'answer' ? folder.adapt(next.text) : undefined
  switch (use.kind) {
    case 'file':
      return await folder.write(use.name, text)
    case 'run': {
      const finished = await folder.run(text)
      assert.equal(finished.code, use.exit, allOf(finished))
      if (expected !== undefined) assert.ok(answers(finished, expected), differs(finished, expected))
      return
    }
    case 'ask':
      assert.ok(expected !== undefined, 'what is asked has its answer in the next snippet')
      return await ask(folder, text, expected)
    case 'stays':
      return await folder.stay(text, use.until)
    case 'tags':
      await folder.write('tags-of-an-instance.json', JSON.stringify({ instances: [taggedInstance(snippet)] }))
      return valid(await runGiven(['check', join(folder.path, 'tags-of-an-instance.json')]))
    case 'answer':
    case 'not run':
    case 'run by':
  }
}

function valid(checked: Finished): void {
  assert.ok(checked.code === 0 && checked.err === '', allOf(checked))
}

async function ask(folder: CleanFolder, question: string, expected: string): Promise<void> {
  let last: Finished = { code: null, out: '', err: '' }
  const answered = async (): Promise<boolean> => answers((last = await folder.run(question)), expected)
  await until('the answer', answered, ANSWERS_WITHIN).catch((error: unknown) => {
    throw new Error(differs(last, expected), { cause: error })
  })
}

/** The lines of a list, or the words in quotes of a job file's `tags = [ … ]`. */
function taggedInstance({ text, language }: Snippet): object {
  const lists = [...text.matchAll(/\btags\s*=\s*\[([^]*?)\]/g)].map(([, list = '']) => list)
  const quoted = lists.flatMap((list) =>
    [...list.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([word]) => JSON.parse(word) as string),
  )
  const tags = language === 'hcl' ? quoted : text.split('\n').filter((line) => line.trim() !== '')
  assert.ok(tags.length > 0, 'it shows no tags')
  return { name: 'shop', address: '127.0.0.1', port: 9, tags }
}

function allOf({ code, out, err }: Finished): string {
  return `exit code ${code}\n${out}${err}`
}

function differs(finished: Finished, expected: string): string {
  return `${allOf(finished)}\n… in place of\n${expected}`
}
