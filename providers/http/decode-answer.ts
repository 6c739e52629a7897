import type { ConfigFormat } from '../../src/config/file.ts'
import type { Problem } from '../../src/config/problem.ts'
import type { Update } from '../../src/discovery/provider.ts'
import { decodeDynamic } from '../parts/decode-dynamic.ts'
import type { HttpAnswer } from '../parts/http-source.ts'

/** What an answer says; its failure when nothing in it is configuration. `source` is the URL, for messages. */
export function decodeAnswer({ headers, body }: HttpAnswer, source: string): Update {
  const text = body.toString('utf8')
  if (text.trim() === '') return { part: '', failure: empty(source) }
  const update = decodeDynamic(text, source, '', formatOf(text, headers['content-type'] ?? '', source))
  if ('failure' in update || 'gone' in update) return update
  const { routing, instances, problems = [] } = update
  const [first] = problems
  // A page of somebody else, such as the JSON of an error: it does not say that all routes are gone.
  if (!routing && !instances && first) return { part: '', failure: first }
  return update
}

/**
 * TOML where the server or the URL says so. Everything else is read as YAML, of which JSON is a part, whatever the
 * server calls it: so does Traefik. What is JSON is read as such, which is faster and names its faults better.
 */
function formatOf(text: string, contentType: string, source: string): ConfigFormat {
  if (/[/+]toml\b/i.test(contentType) || /\.toml$/i.test(source)) return 'toml'
  if (!text.trimStart().startsWith('{')) return 'yaml'
  return isJson(text) || /\bjson\b/i.test(contentType) ? 'json' : 'yaml'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function empty(source: string): Problem {
  return {
    code: 'E404',
    severity: 'error',
    message: 'the answer is empty',
    remedy: 'answer `{}` when nothing is to be routed',
    origin: { source },
  }
}
