import { discover, loadPlugin } from '../discover.ts'
import type { MatcherDefinition } from './matcher.ts'
import type { Rule } from './rule-tree.ts'

const FOLDER = new URL('./matchers/', import.meta.url)

/** All matchers, by the name that rules use. For the control plane. */
export async function allMatchers(): Promise<Map<string, MatcherDefinition>> {
  const found = await discover<MatcherDefinition>(FOLDER)
  return new Map([...found.values()].map((definition) => [definition.name, definition]))
}

/** Only these, by the name that rules use: a worker loads no matcher that its plan does not need. */
export async function loadMatchers(names: Iterable<string>): Promise<Map<string, MatcherDefinition>> {
  const loaded = await Promise.all(
    [...names].map((name) => loadPlugin<MatcherDefinition>(FOLDER, fileName(name))),
  )
  return new Map(loaded.map((definition) => [definition.name, definition]))
}

/** The names of the matchers that a rule calls. */
export function matchersUsedBy(rule: Rule): Set<string> {
  const names = new Set<string>()
  const visit = (node: Rule): void => {
    if (node.op === 'match') names.add(node.name)
    else if (node.op === 'not') visit(node.rule)
    else {
      visit(node.left)
      visit(node.right)
    }
  }
  visit(rule)
  return names
}

/** `ClientIP` → `clientIp`, as its file is called. */
function fileName(name: string): string {
  return (
    name.charAt(0).toLowerCase() +
    name.slice(1).replace(/[A-Z]{2,}/g, (run) => run.charAt(0) + run.slice(1).toLowerCase())
  )
}
