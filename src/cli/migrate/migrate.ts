import type { z } from '../../config/fields.ts'
import { fit } from '../../config/fit.ts'
import { writeYaml } from '../../config/formats/yaml-text.ts'
import type { Problem } from '../../config/problem.ts'
import { toPlain } from '../../config/source-tree.ts'
import type { SectionNode, SourceNode } from '../../config/source-tree.ts'
import { oldTraefikProblems } from '../../config/traefik-v1.ts'
import { note, withoutCounterpart } from './report.ts'
import { migrateV1 } from './v1.ts'
import { modernizeDynamic, modernizeStatic } from './v2.ts'

export interface OldFile {
  /** Without folder and ending. */
  readonly name: string
  readonly node: SectionNode
}

export interface Schemas {
  readonly static: z.ZodType
  readonly dynamic: z.ZodType
}

export interface NewFile {
  /** From the folder of the output on. */
  readonly path: string
  readonly text: string
}

export interface Migration {
  readonly files: readonly NewFile[]
  /** Everything that has no counterpart, or that somebody should read. */
  readonly problems: readonly Problem[]
}

/** The folder of the dynamic files, below that of the output. */
const ROUTES = 'routes'

/**
 * Files of Traefik 1, 2 and 3 in the form that is read here, and what could not be carried over. `folder` is where they
 * will lie, for the static file that names the others. Pure.
 */
export function migrate(old: readonly OldFile[], schemas: Schemas, folder: string): Migration {
  const problems: Problem[] = []
  const statics: { name: string; node: SourceNode }[] = []
  const dynamics: { name: string; node: SourceNode }[] = []
  for (const { name, node } of old) {
    const made = modern(node)
    problems.push(...made.problems)
    if (made.file) statics.push({ name, node: made.file })
    if (made.routes) dynamics.push({ name, node: made.routes })
  }
  const files: NewFile[] = []
  for (const { name, node } of statics) {
    const linked =
      dynamics.length === 0
        ? toPlain(fitted(node, schemas.static, problems))
        : linkedTo(fitted(node, schemas.static, problems), folder, problems)
    files.push({ path: statics.length === 1 ? 'tidegate.yml' : `${name}.yml`, text: yaml(linked, name) })
  }
  for (const { name, node } of dynamics) {
    const plain = toPlain(fitted(node, schemas.dynamic, problems))
    files.push({ path: `${ROUTES}/${name}.yml`, text: yaml(plain, name) })
  }
  return { files, problems }
}

interface Modern {
  readonly file?: SourceNode | undefined
  readonly routes?: SourceNode | undefined
  readonly problems: readonly Problem[]
}

/** Which Traefik wrote it is told by its keys. */
function modern(node: SectionNode): Modern {
  if (isV1(node)) return migrateV1(node)
  if (!isDynamic(node)) {
    const { node: file, problems } = modernizeStatic(node)
    return { file, problems }
  }
  const { node: routes, problems } = modernizeDynamic(node)
  return { routes, problems }
}

/** Certificates beside frontends are a list in version 1, and a section in all later ones. */
function isV1(node: SectionNode): boolean {
  return (
    oldTraefikProblems(node).length > 0 ||
    [...node.entries].some(([key, value]) => key.toLowerCase() === 'tls' && value.kind === 'list')
  )
}

function isDynamic(node: SectionNode): boolean {
  return [...node.entries.keys()].some((key) =>
    ['http', 'tcp', 'udp', 'tls', 'instances'].includes(key.toLowerCase()),
  )
}

function fitted(node: SourceNode, schema: z.ZodType, problems: Problem[]): SourceNode {
  const { node: left, problems: found } = fit(schema, node)
  problems.push(...found.map(asNote))
  return left ?? { kind: 'section', entries: new Map(), origin: node.origin }
}

/** What the schema does not know is left out, which is what there is to say. */
function asNote(problem: Problem): Problem {
  const unknown = /^unknown key `([^`]+)`(?: in `([^`]+)`)?$/.exec(problem.message)
  if (unknown) {
    const path = unknown[2] === undefined ? unknown[1]! : `${unknown[2]}.${unknown[1]}`
    return withoutCounterpart(path, problem.origin)
  }
  if (problem.severity === 'warning') return problem
  return note(problem.origin, `${problem.message}; it is left out`, problem.remedy)
}

/** The static file names the folder of the others, in place of where they were. */
function linkedTo(node: SourceNode, folder: string, problems: Problem[]): unknown {
  const plain = toPlain(node) as { providers?: Record<string, unknown> }
  const before = (plain.providers?.['file'] ?? {}) as Record<string, unknown>
  const { filename, directory: _, ...rest } = before
  const directory = `${folder}/${ROUTES}`
  problems.push(
    note(
      node.origin,
      `routes are read from \`${directory}\`${typeof filename === 'string' ? ` rather than from \`${filename}\`` : ''}`,
      'correct `providers.file.directory` when you move them',
    ),
  )
  return { ...plain, providers: { ...plain.providers, file: { ...rest, directory } } }
}

function yaml(plain: unknown, name: string): string {
  return `# Made by \`tidegate migrate traefik\` from ${name}.\n${writeYaml(plain)}`
}
