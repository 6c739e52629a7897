import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Peer } from './catalogue.ts'

const run = promisify(execFile)
const LONGEST = 300_000
const SOURCES = '/etc/apt'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * Unpacks a peer's Debian package into `target` with the machine's own tools and no root: apt works on lists and a
 * cache of its own below `state`, so the machine's are neither read nor changed.
 * @throws Error when a tool is missing or fails
 */
export async function unpackFromDebian(peer: Peer, target: string, state: string): Promise<void> {
  const own = await ownSuite()
  const downloads = join(target, 'packages')
  await mkdir(downloads, { recursive: true })
  await download([peer.package], peer.suite ?? own, !peer.alone, downloads, state)
  if (peer.besides) await download(peer.besides, own, true, downloads, state)
  for (const file of await readdir(downloads)) await run('dpkg', ['-x', join(downloads, file), target])
}

async function download(
  names: readonly string[],
  suite: string,
  withDependencies: boolean,
  folder: string,
  state: string,
): Promise<void> {
  const apt = await privateApt(join(state, suite), suite)
  await apt('update')
  await apt('download', withDependencies ? await missingPackages(apt, names) : names, folder)
}

type Apt = (command: string, names?: readonly string[], folder?: string) => Promise<string>

async function privateApt(state: string, suite: string): Promise<Apt> {
  await mkdir(join(state, 'lists', 'partial'), { recursive: true })
  await mkdir(join(state, 'cache', 'archives', 'partial'), { recursive: true })
  const list = join(state, 'sources.list')
  await writeFile(list, `deb [signed-by=${KEYRING}] ${await mirror()} ${suite} main\n`)
  const options = aptOptions(state, list)
  return async (command, names = [], folder = state) => {
    const { stdout } = await run('apt-get', [...options, '-q', '-y', command, ...names], {
      cwd: folder,
      timeout: LONGEST,
      maxBuffer: 2 ** 26,
      env: { ...process.env, LC_ALL: 'C' },
    })
    return stdout
  }
}

function aptOptions(state: string, list: string): string[] {
  const settings = {
    'Dir::Etc::SourceList': list,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(state, 'lists'),
    'Dir::Cache': join(state, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled': 'false',
    // As root, apt would drop to a user that may not write here.
    'APT::Sandbox::User': '',
    // The machine's own hooks may want root, or rewrite what is not theirs.
    'APT::Update::Post-Invoke': '',
    'APT::Update::Post-Invoke-Success': '',
  }
  return [
    '--no-install-recommends',
    ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
  ]
}

/** The packages and what they need that this machine lacks, as a dry run of an installation tells. */
async function missingPackages(apt: Apt, wanted: readonly string[]): Promise<string[]> {
  const plan = await apt('install', ['--simulate', ...wanted])
  const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!)
  return [...new Set([...wanted, ...missing])]
}

async function ownSuite(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8')
  const suite = /^VERSION_CODENAME=(\S+)/m.exec(text)?.[1]
  if (suite === undefined) throw new Error('/etc/os-release names no VERSION_CODENAME')
  return suite.replaceAll('"', '')
}

/** The first address in the machine's apt sources that serves Debian itself, in either of the two formats. */
async function mirror(): Promise<string> {
  for (const file of await sourceFiles()) {
    const text = await readFile(file, 'utf8')
    const address = /^\s*(?:URIs:|deb\s+(?:\[[^\]]*\]\s+)?)\s*(\S+\/debian\/?)(?:\s|$)/m.exec(text)?.[1]
    if (address !== undefined) return address
  }
  throw new Error(`no Debian mirror is named in ${SOURCES}`)
}

async function sourceFiles(): Promise<string[]> {
  const parts = await readdir(join(SOURCES, 'sources.list.d')).catch(() => [])
  const files = parts
    .filter((file) => /\.(list|sources)$/.test(file))
    .map((file) => join(SOURCES, 'sources.list.d', file))
  const main = join(SOURCES, 'sources.list')
  const hasMain = await readFile(main).then(
    () => true,
    () => false,
  )
  return hasMain ? [main, ...files.toSorted()] : files.toSorted()
}
