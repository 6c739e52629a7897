import type { Command } from 'commander'

/** One place of the command line: the words that led there, and what may follow. */
interface Place {
  /** Empty for the program itself. */
  readonly words: readonly string[]
  readonly commands: readonly Named[]
  readonly flags: readonly Flag[]
  /** Words of the first argument, when those are all there are. */
  readonly choices: readonly string[]
}

interface Named {
  readonly name: string
  readonly description: string
}

interface Flag extends Named {
  readonly choices: readonly string[]
}

/** The completion of the whole tree of commands for one shell. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', program: Command): string {
  const places = placesOf(program, [])
  return { bash, zsh, fish }[shell](places)
}

function placesOf(command: Command, words: readonly string[]): Place[] {
  const flags = command.options.flatMap(({ long, description, argChoices = [] }) =>
    typeof long === 'string' ? [{ name: long, description, choices: argChoices }] : [],
  )
  const place: Place = {
    words,
    commands: command.commands.map((one) => ({ name: one.name(), description: one.description() })),
    flags: [...flags, { name: '--help', description: 'explain this', choices: [] }, ...staticFlags(command)],
    choices: choicesOf(command),
  }
  return [place, ...command.commands.flatMap((one) => placesOf(one, [...words, one.name()]))]
}

/** Of the static options, which are many and hold names of the user's choice, the one that brings all others. */
function staticFlags(command: Command): Flag[] {
  const takesAny = (command as unknown as { readonly _allowUnknownOption?: boolean })._allowUnknownOption
  return takesAny === true
    ? [{ name: '--configFile', description: 'the static configuration', choices: [] }]
    : []
}

/** `help` takes the words of commands. */
function choicesOf(command: Command): readonly string[] {
  if (command.name() === 'help') return command.parent!.commands.map((one) => one.name())
  return command.registeredArguments[0]?.argChoices ?? []
}

function bash(places: readonly Place[]): string {
  const cases = places.map(({ words, commands, flags, choices }) => {
    const offered = [...commands.map(({ name }) => name), ...choices, ...flags.map(({ name }) => name)]
    return `    ${quoted(words.join(' '))}) words=${quoted(offered.join(' '))} ;;`
  })
  const values = places.flatMap(({ words, flags }) =>
    flags
      .filter(({ choices }) => choices.length > 0)
      .map(
        ({ name, choices }) =>
          `    ${quoted(`${words.join(' ')} ${name}`)}) words=${quoted(choices.join(' '))} ;;`,
      ),
  )
  const known = places.map(({ words }) => words.join(' ')).filter((path) => path !== '')
  return `# bash completion of tidegate: made by \`tidegate completion bash\`
_tidegate() {
  local current=\${COMP_WORDS[COMP_CWORD]} place= word words= flag=
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${place:+$place }$word" in
      ${known.map(quoted).join(' | ')}) place="\${place:+$place }$word" ;;
    esac
  done
  # Bash takes \`=\` for a word of its own.
  if [[ $current == = ]]; then
    flag=\${COMP_WORDS[COMP_CWORD-1]} current=
  elif (( COMP_CWORD > 1 )) && [[ \${COMP_WORDS[COMP_CWORD-1]} == = ]]; then
    flag=\${COMP_WORDS[COMP_CWORD-2]}
  elif (( COMP_CWORD > 1 )); then
    flag=\${COMP_WORDS[COMP_CWORD-1]}
  fi
  case "$place $flag" in
${values.join('\n')}
  esac
  if [[ -z $words && $flag == --configFile ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  if [[ -z $words ]]; then
    case "$place" in
${cases.join('\n')}
    esac
    if [[ $current != -* && $place =~ ^(check|migrate) ]]; then
      COMPREPLY=($(compgen -f -- "$current"))
    fi
  fi
  COMPREPLY+=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _tidegate tidegate
`
}

function zsh(places: readonly Place[]): string {
  const cases = places.map(({ words, commands, flags, choices }) => {
    const named = [...commands, ...choices.map((name) => ({ name, description: '' }))]
    const lines = [
      ...(named.length > 0
        ? [`offered=(${named.map(zshItem).join(' ')})`, `_describe 'command' offered`]
        : []),
      `offered=(${flags.map(zshItem).join(' ')})`,
      `_describe -o 'flag' offered`,
    ]
    return `    ${quoted(words.join(' '))})\n${lines.map((line) => `      ${line}`).join('\n')}\n      ;;`
  })
  const known = places.map(({ words }) => words.join(' ')).filter((path) => path !== '')
  return `#compdef tidegate
# zsh completion of tidegate: made by \`tidegate completion zsh\`
_tidegate() {
  local place= word
  local -a offered
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${place:+$place }$word" in
      ${known
        .map((one) => `(${quoted(one)})`)
        .map((one) => one.slice(1, -1))
        .join('|')}) place="\${place:+$place }$word" ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  _files
}
compdef _tidegate tidegate
`
}

function zshItem({ name, description }: Named): string {
  const escaped = name.replaceAll(':', '\\:')
  return quoted(description === '' ? escaped : `${escaped}:${description}`)
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ words, commands, flags, choices }) => {
    const condition = quoted(fishCondition(words, commands))
    return [
      ...commands.map(
        ({ name, description }) =>
          `complete -c tidegate -n ${condition} -f -a ${quoted(name)} -d ${quoted(description)}`,
      ),
      ...choices.map((name) => `complete -c tidegate -n ${condition} -f -a ${quoted(name)}`),
      ...flags.map(({ name, description, choices: values }) => {
        const taken = values.length === 0 ? '' : ` -x -a ${quoted(values.join(' '))}`
        return `complete -c tidegate -n ${condition} -l ${name.slice(2)}${taken} -d ${quoted(description)}`
      }),
    ]
  })
  return `# fish completion of tidegate: made by \`tidegate completion fish\`\n${lines.join('\n')}\n`
}

function fishCondition(words: readonly string[], commands: readonly Named[]): string {
  if (words.length === 0) return '__fish_use_subcommand'
  const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`)
  const further = commands.map(({ name }) => name)
  return [
    ...seen,
    ...(further.length > 0 ? [`not __fish_seen_subcommand_from ${further.join(' ')}`] : []),
  ].join('; and ')
}

/** For all three shells alike. A quote ends the text, and a quoted one follows. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
