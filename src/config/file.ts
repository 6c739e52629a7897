import { withExcerpts } from './excerpt.ts'
import { parseJson } from './formats/json.ts'
import { syntaxProblem } from './formats/parsed.ts'
import type { Parsed } from './formats/parsed.ts'
import { parseToml } from './formats/toml.ts'
import { parseYaml } from './formats/yaml.ts'

export type { Parsed } from './formats/parsed.ts'

/** Characters; a configuration of 10,000 routers takes about 3 MiB. */
const MAX_LENGTH = 16 * 1024 * 1024

export type ConfigFormat = 'yaml' | 'toml' | 'json'

const PARSERS: Readonly<Record<string, (text: string, file: string) => Parsed>> = {
  yml: parseYaml,
  yaml: parseYaml,
  toml: parseToml,
  json: parseJson,
}

/** The endings of file names that are configuration, without the dot. */
export const CONFIG_EXTENSIONS: readonly string[] = Object.keys(PARSERS)

/**
 * Reads configuration in the format that is given, or else that the file's name tells: `.yml`, `.yaml`, `.toml` or
 * `.json`. Every node and key knows its line and column. Never throws: whatever the text is, the worst is a problem
 * and no node.
 */
export function parseConfigText(text: string, file: string, format?: ConfigFormat): Parsed {
  const parser = PARSERS[format ?? extensionOf(file)]
  if (!parser)
    return refused(file, 'the format is told by the name, which must end in .yml, .yaml, .toml or .json')
  if (text.length > MAX_LENGTH)
    return refused(file, `the file is larger than ${MAX_LENGTH / 1024 / 1024} MiB`)
  const clean = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (looksBinary(clean)) return refused(file, 'the file is not text in UTF-8')
  const { node, problems } = parser(clean, file)
  return { node, problems: withExcerpts(problems, new Map([[file, clean]])) }
}

function extensionOf(file: string): string {
  return /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase() ?? ''
}

function refused(file: string, message: string): Parsed {
  return { node: undefined, problems: [syntaxProblem(message, { source: file })] }
}

/** Decoders put U+FFFD where bytes are no UTF-8; NUL stands in no configuration. */
function looksBinary(text: string): boolean {
  return text.includes('\0') || text.includes('\uFFFD')
}
