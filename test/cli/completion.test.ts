import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { peerBinary } from '../peers/binaries.ts'
import { runGiven } from './run-given.ts'

const run = promisify(execFile)
let dir = ''

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidegate-completion-'))
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await runGiven(['completion', shell])
    assert.equal(code, 0)
    await writeFile(join(dir, shell), out)
  }
  await writeFile(join(dir, 'routes.yml'), '')
})
after(() => rm(dir, { recursive: true }))

/** What is typed, and some of what bash offers then, or exactly that. */
const offered: [line: string, expected: string[], exactly?: boolean][] = [
  ['tidegate ', ['run', 'check', 'config', 'migrate', 'drain', 'help', '--help']],
  ['tidegate ch', ['check'], true],
  ['tidegate check --f', ['--format'], true],
  ['tidegate check --format ', ['text', 'json', 'github'], true],
  ['tidegate check --format=j', ['json'], true],
  ['tidegate check rou', ['routes.yml'], true],
  ['tidegate config ', ['show', 'schema']],
  ['tidegate config show --o', ['--origin'], true],
  ['tidegate config schema d', ['dynamic'], true],
  ['tidegate completion ', ['bash', 'zsh', 'fish']],
  ['tidegate migrate tr', ['traefik'], true],
  ['tidegate help dr', ['drain'], true],
  ['tidegate healthcheck --configFile=rou', ['routes.yml'], true],
]
for (const [line, expected, exactly = false] of offered) {
  test(`bash: ${line}`, async () => {
    const { stdout } = await run('bash', ['--norc', '-c', ASK, 'bash', join(dir, 'bash'), ...wordsOf(line)], {
      cwd: dir,
    })
    const found = stdout.split('\n').filter((word) => word !== '')
    if (exactly) assert.deepEqual(found, expected)
    else
      for (const word of expected) assert.ok(found.includes(word), `${word} is not among ${found.join(' ')}`)
  })
}

/** Asks as bash does on the tabulator key: the function that \`complete\` has bound. */
const ASK = `
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
function_name=$(complete -p tidegate | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function_name
printf '%s\\n' "\${COMPREPLY[@]}"
`

/** Bash breaks words at blanks and at \`=\`. */
function wordsOf(line: string): string[] {
  return line.split(' ').flatMap((word) => {
    const [name = '', ...value] = word.split('=')
    return value.length === 0 ? [name] : [name, '=', ...(value[0] === '' ? [] : [value.join('=')])]
  })
}

test('zsh reads its script', async () => {
  await run(await peerBinary('zsh'), ['-f', '-n', join(dir, 'zsh')])
})

test('fish reads its script', async () => {
  await run(await peerBinary('fish'), ['--no-config', '--no-execute', join(dir, 'fish')])
})
