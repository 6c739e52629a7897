import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { runGiven } from '../cli/run-given.ts'
import { allPages, codeSpans, deadLinks, pageAt } from './markdown.ts'

/** What documents point to is there: other documents, files, commands, scripts. */

const ROOT = new URL('../../', import.meta.url)
const PAGES = allPages()
/** Written of the code as it is now; decisions and the changelog speak of their day. */
const OF_TODAY = PAGES.filter(({ path }) => !/^(?:CHANGELOG\.md|docs\/decisions\/)/.test(path))

for (const page of PAGES) {
  test(`${page.path}: its links lead somewhere`, () => {
    assert.deepEqual(deadLinks(page), [])
  })
}

test('the check of links finds those that are dead', () => {
  const text =
    '[a](none.md) [b](#none) [c](docs/architecture.md#none) [d](docs/architecture.md) `[e](none.md)`'
  assert.deepEqual(deadLinks({ path: 'README.md', text }), ['none.md', '#none', 'docs/architecture.md#none'])
})

/** Where files are that documents call by the end of their path. */
const FILES = globSync(['{src,providers,test,scripts,bench,docs,terraform,examples}/**', '*'], {
  cwd: ROOT.pathname,
}).map((path) => `/${path}`)
for (const path of ['docs/architecture.md', 'CONTRIBUTING.md', 'SECURITY.md']) {
  test(`${path}: the files that it names exist`, () => {
    const named = codeSpans(pageAt(path).text).filter((code) => /^[\w./-]+(?:\.ts|\/)$/.test(code))
    // NAME stands for one of yours; the other is made by a build.
    const missing = named.filter((code) => !code.includes('NAME') && code !== 'dist/' && !isFile(code))
    assert.deepEqual(missing, [])
  })
}

function isFile(code: string): boolean {
  const end = `/${code.replace(/\/$/, '')}`
  return FILES.some((path) => path.endsWith(end))
}

test('docs/architecture.md: the decisions that it names exist', () => {
  const numbers = [...pageAt('docs/architecture.md').text.matchAll(/decision (\d{4})/g)].map(
    ([, number]) => number!,
  )
  assert.ok(numbers.length > 0)
  for (const number of numbers)
    assert.ok(
      FILES.some((path) => path.startsWith(`/docs/decisions/${number}-`)),
      number,
    )
})

const commands = await commandsOf()
for (const { path, text } of OF_TODAY) {
  test(`${path}: the commands that it names exist, with their flags`, () => {
    const wrong = [...codeSpans(text), ...shellLines(text)].filter((code) => {
      const [, command, rest = ''] = /^(?:\$ )?tidegate ([a-z][a-z-]*)(.*)/.exec(code) ?? []
      if (command === undefined) return false
      const help = commands.get(command)
      return help === undefined || flagsOf(rest).some((flag) => !help.includes(`${flag} `) && !isStatic(flag))
    })
    assert.deepEqual(wrong, [])
  })

  test(`${path}: the scripts that it names exist`, () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { scripts: object }
    const named = [...codeSpans(text), ...shellLines(text)].flatMap(
      (code) => /^npm run (?:--silent )?([a-z:]+)/.exec(code)?.[1] ?? [],
    )
    assert.deepEqual(
      named.filter((script) => !Object.hasOwn(scripts, script)),
      [],
    )
  })
}

/** What each prints for `--help`, by its name. */
async function commandsOf(): Promise<ReadonlyMap<string, string>> {
  const { out } = await runGiven(['--help'])
  const names = [...out.matchAll(/^ {2}([a-z][a-z-]*)(?: |$)/gm)].map(([, name = '']) => name)
  const found = names.filter((name) => name !== 'tidegate')
  assert.ok(found.includes('run') && found.includes('check'), out)
  const helps = found.map(async (name) => [name, `${(await runGiven([name, '--help'])).out} `] as const)
  return new Map(await Promise.all(helps))
}

function flagsOf(text: string): string[] {
  return [...text.matchAll(/(?<=^|\s)--[a-z][\w.-]*/gi)].map(([flag]) => flag)
}

/** Static options are flags of most commands; that they exist is settled when snippets run. */
function isStatic(flag: string): boolean {
  return flag.includes('.') || flag === '--configFile'
}

function shellLines(text: string): string[] {
  return [...text.matchAll(/^```(?:sh|console)\n([^]*?)^```$/gm)].flatMap(([, code = '']) => code.split('\n'))
}

test('README.md fits on a few screens', () => {
  assert.ok(pageAt('README.md').text.split('\n').length <= 200)
})
