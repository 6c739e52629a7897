import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A document of this repository. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

/** All documents, those of other folders included; what was fetched or built is none. */
export function allPages(): Page[] {
  const patterns = ['*.md', '{docs,bench,deploy,terraform,examples,test}/**/*.md']
  return globSync(patterns, { cwd: ROOT })
    .toSorted()
    .map((path) => pageAt(path))
}

export function pageAt(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') }
}

/** Links of a page that lead to nothing: files that are not there, and headings that no page has. */
export function deadLinks({ path, text }: Page): string[] {
  return linksOf(text)
    .filter((link) => !/^(?:https?:|mailto:)/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      if (!existsSync(join(ROOT, target))) return true
      return anchor !== undefined && !anchorsOf(pageAt(target).text).has(anchor)
    })
}

/** What stands in code spans. */
export function codeSpans(text: string): string[] {
  return [...withoutFences(text).matchAll(/(`+)(.+?)\1/g)].map(([, , code = '']) => code.trim())
}

function linksOf(text: string): string[] {
  return [
    ...withoutFences(text)
      .replaceAll(/(`+).+?\1/g, '')
      .matchAll(/\]\(([^()\s]+)\)/g),
  ].map(([, link = '']) => link)
}

/** As GitHub makes them of headings, and those that are given. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
  const given = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)
  return new Set([...headings, ...given])
}

function withoutFences(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, '')
}
