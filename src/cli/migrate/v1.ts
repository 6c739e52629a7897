import type { Origin, Problem } from '../../config/problem.ts'
import type { SectionNode } from '../../config/source-tree.ts'
import { Draft } from './draft.ts'
import { OldSection } from './old-section.ts'
import { note, withoutCounterpart } from './report.ts'
import { backends } from './v1-backends.ts'
import { entryPoints } from './v1-entry-points.ts'
import { frontends } from './v1-frontends.ts'
import { providers } from './v1-providers.ts'
import { rest } from './v1-static.ts'

/** Where everything goes that an old file says. */
export interface Drafts {
  /** The static file. */
  readonly file: Draft
  /** The dynamic file. */
  readonly routes: Draft
  /** Tells of what is not carried over as it was. */
  readonly say: (origin: Origin, message: string, remedy?: string) => void
}

export interface MigratedTrees {
  readonly file: SectionNode | undefined
  readonly routes: SectionNode | undefined
  readonly problems: readonly Problem[]
}

/** A file of Traefik 1, whichever of both kinds of configuration it holds. Pure. */
export function migrateV1(root: SectionNode): MigratedTrees {
  const problems: Problem[] = []
  const drafts: Drafts = {
    file: new Draft(root.origin),
    routes: new Draft(root.origin),
    say: (origin, message, remedy) => void problems.push(note(origin, message, remedy)),
  }
  const old = new OldSection(root)
  entryPoints(old, drafts)
  providers(old, drafts)
  rest(old, drafts)
  frontends(old, drafts, backends(old, drafts))
  certificates(old, drafts)
  problems.push(...old.leftOver(withoutCounterpart))
  const { file, routes } = drafts
  return {
    file: file.isEmpty ? undefined : file.node,
    routes: routes.isEmpty ? undefined : routes.node,
    problems,
  }
}

/** `[[tls]]` at the top: certificates beside the frontends, each with the entry points that may use it. */
function certificates(old: OldSection, { routes }: Drafts): void {
  const found = old.take('tls')
  if (found?.kind !== 'list') return
  for (const item of found.items) {
    const certificate = new OldSection(item).take('certificate')
    if (certificate) routes.push(['tls', 'certificates'], certificate)
  }
}
