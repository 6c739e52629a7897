import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from '@cdktn/hcl2json'
import { SCHEMA_FILE } from './schema.ts'
import type { AwsSchema, BlockSchema } from './schema.ts'
import { ROOT } from './workspace.ts'

/** What holds for every module and example, read from their files alone: no Terraform and no provider is needed. */

type Block = Readonly<Record<string, unknown>>
interface Module {
  readonly folder: string
  readonly text: string
  readonly blocks: readonly Block[]
}

const MODULES = await Promise.all(
  (await Promise.all(['modules', 'examples'].map(foldersOf))).flat().map(readModule),
)
const schema = JSON.parse(await readFile(SCHEMA_FILE, 'utf8')) as AwsSchema

async function foldersOf(kind: string): Promise<string[]> {
  return (await readdir(join(ROOT, 'terraform', kind))).map((name) => `${kind}/${name}`)
}

async function readModule(folder: string): Promise<Module> {
  const place = join(ROOT, 'terraform', folder)
  const files = (await readdir(place)).filter((file) => file.endsWith('.tf'))
  const texts = await Promise.all(files.map((file) => readFile(join(place, file), 'utf8')))
  const blocks = await Promise.all(texts.map((text, index) => parse(files[index]!, text) as Promise<Block>))
  return { folder, text: texts.join('\n'), blocks }
}

/** All blocks of a kind, by their labels. */
function named({ blocks }: Module, kind: string): [string, Block][] {
  return blocks.flatMap((block) =>
    Object.entries((block[kind] ?? {}) as Record<string, Block[]>).map(([name, [one]]): [string, Block] => [
      name,
      one!,
    ]),
  )
}

function words({ description }: Block): string {
  return typeof description === 'string' ? description : ''
}

for (const module of MODULES) {
  test(`${module.folder}: every variable is typed and described, every output described`, () => {
    for (const [name, variable] of named(module, 'variable')) {
      assert.ok(variable['type'], `${name} has no type`)
      assert.match(words(variable), /^[A-Z`].+\.$/, name)
    }
    for (const [name, output] of named(module, 'output')) assert.match(words(output), /^[A-Z`].+\.$/, name)
  })

  test(`${module.folder}: what is used is declared, and the other way round`, () => {
    for (const [kind, word] of [
      ['var', 'variable'],
      ['module', 'module'],
    ] as const) {
      const declared = named(module, word).map(([name]) => name)
      const used = new Set(
        [...module.text.matchAll(new RegExp(`\\b${kind}\\.(\\w+)`, 'g'))].map(([, name]) => name!),
      )
      assert.deepEqual(
        [...used].filter((name) => !declared.includes(name)),
        [],
        `${kind}: not declared`,
      )
      if (kind === 'var')
        assert.deepEqual(
          declared.filter((name) => !used.has(name)),
          [],
          'not used',
        )
    }
    const locals = module.blocks.flatMap((block) =>
      ((block['locals'] ?? []) as Block[]).flatMap((one) => Object.keys(one)),
    )
    const used = new Set([...module.text.matchAll(/\blocal\.(\w+)/g)].map(([, name]) => name!))
    assert.deepEqual([...used].toSorted(), locals.toSorted())
  })

  test(`${module.folder}: versions are bounded, and only examples choose a provider`, () => {
    const { text, folder } = module
    assert.match(text, /required_version = ">= 1\.9"/)
    assert.match(text, /version = ">= 5\.60, < 7\.0"/)
    assert.equal(/^provider "/m.test(text), folder.startsWith('examples/'))
    assert.doesNotMatch(text, /\bcount\s*=/, 'for_each keeps what stays when one goes')
  })

  test(`${module.folder}: every word is one of the provider’s, and none that is required is missing`, () => {
    const complaints: string[] = []
    for (const kind of ['resource', 'data'] as const) {
      for (const block of module.blocks) {
        for (const [type, all] of Object.entries(
          (block[kind] ?? {}) as Record<string, Record<string, Block[]>>,
        )) {
          const known = schema[kind][type]
          if (!known) complaints.push(`${kind} ${type}: not in aws-schema.json`)
          else
            for (const [name, [one]] of Object.entries(all))
              complaints.push(...against(one!, known, `${type}.${name}`, META))
        }
      }
    }
    assert.deepEqual(complaints, [])
  })
}

test('the lint sees what is misspelt and what is missing', () => {
  const block = {
    port: 80,
    health_check: [{ path: '/ping', unhealthy_treshold: 2 }],
    dynamic: { stickyness: [{ content: [{}] }] },
  }
  assert.deepEqual(against(block, schema.resource['aws_lb_target_group']!, 'x', META), [
    'x.health_check.unhealthy_treshold is not known',
    'x.dynamic.stickyness is not known',
  ])
  assert.deepEqual(against({}, schema.resource['aws_lb_listener']!, 'x', META), [
    'x lacks load_balancer_arn',
    'x lacks default_action',
  ])
})

const META = ['for_each', 'lifecycle', 'depends_on', 'provider', 'dynamic']

function against(
  block: Block,
  known: BlockSchema,
  place: string,
  meta: readonly string[] = ['dynamic'],
): string[] {
  const dynamic = (block['dynamic'] ?? {}) as Record<string, { content: Block[] }[]>
  const complaints: string[] = []
  for (const [key, value] of Object.entries(block)) {
    if (meta.includes(key) || known.attributes.includes(key)) continue
    const inner = known.blocks[key]
    if (!inner) complaints.push(`${place}.${key} is not known`)
    else for (const one of value as Block[]) complaints.push(...against(one, inner, `${place}.${key}`))
  }
  for (const [key, all] of Object.entries(dynamic)) {
    const inner = known.blocks[key]
    if (!inner) complaints.push(`${place}.dynamic.${key} is not known`)
    else
      for (const { content } of all)
        complaints.push(...against(content[0]!, inner, `${place}.dynamic.${key}`))
  }
  for (const key of known.required)
    if (!(key in block) && !(key in dynamic)) complaints.push(`${place} lacks ${key}`)
  return complaints
}
