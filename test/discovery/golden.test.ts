import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { decode } from '../../src/config/decode.ts'
import { fields } from '../../src/config/fields.ts'
import type { Problem } from '../../src/config/problem.ts'
import { describeOrigin } from '../../src/config/problem.ts'
import { child, fromPlain, toPlain } from '../../src/config/source-tree.ts'
import { createFragmentMaker } from '../../src/discovery/fragment.ts'
import { tagSourceOptions } from '../../src/discovery/options.ts'
import type { Instance } from '../../src/discovery/provider.ts'
import type { Endpoint } from '../../src/discovery/routing-config.ts'

/**
 * Each file of test/golden: comments, a YAML header (`provider`, `options`, `instance`), an empty line, one tag on
 * each line (in JSON's quotes where it holds what a line cannot), `---`, and what is expected. With GOLDEN=rewrite
 * in the environment, the expected part is written anew: read the difference before you keep it.
 */
const FOLDER = new URL('../golden/', import.meta.url)
const REWRITE = process.env['GOLDEN'] === 'rewrite'

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.txt'))

test('there are golden files for every rule', () => assert.ok(files.length >= 40, `only ${files.length}`))

for (const file of files) {
  test(file.replace(/\.txt$/, '').replaceAll('-', ' '), () => {
    const url = new URL(file, FOLDER)
    const [input = '', expected = ''] = splitOnce(readFileSync(url, 'utf8'), '\n---\n')
    const actual = resultOf(input)
    if (REWRITE) writeFileSync(url, `${input}\n---\n${actual}`)
    else assert.equal(actual, expected)
  })
}

function resultOf(input: string): string {
  const [header = '', tags = ''] = splitOnce(`${input}\n`, '\n\n')
  const given = (parse(header) ?? {}) as { provider?: string; options?: object; instance?: Partial<Instance> }
  const { value: options, problems } = decode(
    tagSourceOptions(fields),
    fromPlain(given.options ?? {}, { source: 'test' }),
  )
  assert.ok(options, problems.map(({ message }) => message).join())
  const provider = given.provider ?? 'consulcatalog'
  const make = createFragmentMaker(options, {
    name: provider,
    constraints: provider === 'ecs' ? 'label' : 'tag',
  })
  const instance: Instance = {
    id: 'web-1',
    name: 'whoami',
    address: '10.0.0.1',
    ports: [{ port: 8080 }],
    health: 'passing',
    ...given.instance,
    tags: tags
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (line.startsWith('"') ? String(JSON.parse(line)) : line)),
  }
  return render(make(instance), make.problems)
}

function render(
  fragment: ReturnType<ReturnType<typeof createFragmentMaker>>,
  options: readonly Problem[],
): string {
  const parts: Record<string, unknown> = {}
  if (options.length > 0) parts['optionProblems'] = options.map(problemText)
  if (fragment === undefined) parts['fragment'] = 'none'
  else {
    for (const name of ['routers', 'services', 'middlewares']) {
      const node = child(fragment.http, name)
      if (node?.kind === 'section' && node.entries.size > 0) parts[name] = toPlain(node)
    }
    const endpoints = [...fragment.endpoints].map(([service, endpoint]) => [service, endpointText(endpoint)])
    if (endpoints.length > 0) parts['endpoints'] = Object.fromEntries(endpoints)
    if (fragment.problems.length > 0) parts['problems'] = fragment.problems.map(problemText)
  }
  return stringify(parts, { lineWidth: 0 })
}

function endpointText({
  scheme,
  host,
  port,
  pathPrefix,
  weight,
  canary,
  key,
  zone,
  terminating,
  instance,
}: Endpoint): string {
  assert.ok(instance)
  const address = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${pathPrefix}`
  const part = canary ? ` (${canary.percent} % with group \`${canary.group}\`)` : ''
  const more = [zone === undefined ? '' : ` zone ${zone}`, terminating === true ? ' terminating' : '']
  return `${address} weight ${weight}${part} key ${key}${more.join('')}`
}

function problemText({ code, severity, message, remedy, origin, resource }: Problem): string {
  const subject = resource === undefined ? '' : ` [${resource}]`
  return `${code} ${severity}${subject} ${describeOrigin(origin)}: ${message}${remedy === undefined ? '' : ` — ${remedy}`}`
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}
