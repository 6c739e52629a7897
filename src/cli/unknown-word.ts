import type { Command } from 'commander'
import { suggest } from '../config/suggest.ts'

/** The complaint about a word that is no command, or undefined. Looks into commands that have commands of their own. */
export function unknownWord(
  words: readonly string[],
  command: Command,
  path = 'tidegate',
): string | undefined {
  const [word, ...rest] = words
  if (word === undefined || word.startsWith('-') || command.commands.length === 0) return undefined
  const known = command.commands.find((one) => one.name() === word)
  if (known) return unknownWord(rest, known, `${path} ${word}`)
  const names = command.commands.map((one) => one.name())
  const near = suggest(word, names)
  const remedy =
    near === undefined ? `the commands are ${names.join(', ')}` : `did you mean \`${path} ${near}\`?`
  return `unknown command \`${path === 'tidegate' ? '' : `${path.slice('tidegate '.length)} `}${word}\`\n  → ${remedy}`
}
