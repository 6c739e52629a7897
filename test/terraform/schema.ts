import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Terraform } from '../peers/terraform.ts'
import { findTerraform } from '../peers/terraform.ts'
import { done } from '../support/package.ts'
import { initialise, openWorkspace, ROOT } from './workspace.ts'

/** What the lint needs to know of one block: the names in it. */
export interface BlockSchema {
  readonly attributes: readonly string[]
  readonly required: readonly string[]
  readonly blocks: Readonly<Record<string, BlockSchema>>
}

export type AwsSchema = Readonly<Record<'resource' | 'data', Readonly<Record<string, BlockSchema>>>>

export const SCHEMA_FILE = join(ROOT, 'test/terraform/aws-schema.json')

interface GivenBlock {
  readonly attributes?: Readonly<Record<string, { required?: boolean; optional?: boolean }>>
  readonly block_types?: Readonly<Record<string, { block: GivenBlock; min_items?: number }>>
}

interface GivenSchemas {
  readonly provider_schemas: Readonly<
    Record<string, Record<'resource_schemas' | 'data_source_schemas', Record<string, { block: GivenBlock }>>>
  >
}

/** What the provider says of the types that modules use: names alone, of which the file is small. */
export async function readSchema(given: Terraform): Promise<AwsSchema> {
  await using workspace = await openWorkspace()
  const folder = join(workspace.path, 'terraform/modules/asg-fleet')
  await initialise(given, folder)
  // Too much for a pipe: a dozen megabytes.
  await done('sh', ['-c', '"$0" providers schema -json >schema.json', given.binary], folder, given.env)
  const said = JSON.parse(await readFile(join(folder, 'schema.json'), 'utf8')) as GivenSchemas
  const [aws] = Object.values(said.provider_schemas)
  const used = await usedTypes()
  const chosen = (schemas: Record<string, { block: GivenBlock }>, types: readonly string[]) =>
    Object.fromEntries(types.map((type) => [type, named(schemas[type]!.block)]))
  return {
    resource: chosen(aws!.resource_schemas, used.resource),
    data: chosen(aws!.data_source_schemas, used.data),
  }
}

function named({ attributes = {}, block_types: blocks = {} }: GivenBlock): BlockSchema {
  const given = Object.entries(attributes).filter(([, { required, optional }]) => required || optional)
  return {
    attributes: given.map(([name]) => name),
    required: [
      ...given.filter(([, { required }]) => required).map(([name]) => name),
      ...Object.entries(blocks)
        .filter(([, { min_items: least = 0 }]) => least > 0)
        .map(([name]) => name),
    ],
    blocks: Object.fromEntries(Object.entries(blocks).map(([name, { block }]) => [name, named(block)])),
  }
}

async function usedTypes(): Promise<Record<'resource' | 'data', string[]>> {
  const folder = join(ROOT, 'terraform')
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.tf'))
  const text = (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n')
  const types = (kind: string): string[] => {
    const found = text.matchAll(new RegExp(`^${kind} "(aws_\\w+)"`, 'gm'))
    return [...new Set([...found].map(([, type]) => type!))].toSorted()
  }
  return { resource: types('resource'), data: types('data') }
}

if (import.meta.main) {
  const found = await findTerraform()
  if (typeof found === 'string') throw new Error(found)
  await writeFile(SCHEMA_FILE, `${JSON.stringify(await readSchema(found))}\n`)
}
