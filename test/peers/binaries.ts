import { constants } from 'node:fs'
import { access, chmod, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Peer, PeerName } from './catalogue.ts'
import { installHint, PEERS } from './catalogue.ts'
import { unpackFromDebian } from './debian.ts'
import { withLock } from './lock.ts'

const FOLDER = fileURLToPath(new URL('../../.peers', import.meta.url))

export const consulBinary = (): Promise<string> => peerBinary('consul')
export const etcdBinary = (): Promise<string> => peerBinary('etcd')
export const etcdctlBinary = (): Promise<string> => peerBinary('etcdctl')
export const nginxBinary = (): Promise<string> => peerBinary('nginx')
export const haproxyBinary = (): Promise<string> => peerBinary('haproxy')
export const caddyBinary = (): Promise<string> => peerBinary('caddy')
export const redisBinary = (): Promise<string> => peerBinary('redis')
export const redisCliBinary = (): Promise<string> => peerBinary('redis-cli')
/** Java with ZooKeeper among its libraries: the arguments are Java's options, a class and what that takes. */
export const zooKeeperJava = (): Promise<string> => peerBinary('zookeeper')
export const promtoolBinary = (): Promise<string> => peerBinary('promtool')
export const motoBinary = (): Promise<string> => peerBinary('moto')
export const awsBinary = (): Promise<string> => peerBinary('aws')

/**
 * Path of a program that runs the peer: the one that its variable names, else the one on PATH, else one that was
 * fetched into `.peers/`, now if need be.
 * @throws Error with the command that installs the peer
 */
export async function peerBinary(name: PeerName): Promise<string> {
  const peer: Peer = PEERS[name]
  return (await installedPeer(name)) ?? (await fetched(name, peer))
}

/**
 * The same without fetching anything: undefined when the peer is not there.
 * @throws Error when its variable names what cannot be run
 */
export async function installedPeer(name: PeerName): Promise<string | undefined> {
  const peer: Peer = PEERS[name]
  const named = process.env[peer.variable]
  if (named !== undefined && named !== '') return await runnable(named, name)
  const start = join(FOLDER, name, 'start')
  // A script on PATH may belong to any interpreter, and be of any version.
  const found = peer.interpreter === undefined ? await onPath(peer.command) : undefined
  return found ?? ((await isRunnable(start)) ? start : undefined)
}

async function runnable(path: string, name: PeerName): Promise<string> {
  if (await isRunnable(path)) return path
  throw new Error(
    `${PEERS[name].variable} names ${path}, which cannot be run; install it: ${installHint(name)}`,
  )
}

async function onPath(command: string): Promise<string | undefined> {
  // Daemons live in sbin, which is not on everyone's PATH.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  for (const folder of folders) {
    const path = join(folder, command)
    if (folder !== '' && (await isRunnable(path))) return path
  }
  return undefined
}

async function fetched(name: PeerName, peer: Peer): Promise<string> {
  const start = join(FOLDER, name, 'start')
  if (await isRunnable(start)) return start
  return await withLock(`peers-${FOLDER}`, async () => {
    if (await isRunnable(start)) return start
    process.stderr.write(`peers: fetching ${name} with apt-get into .peers/${name} (once) …\n`)
    try {
      await install(name, peer)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(
        `${name} is missing and could not be fetched; install it: ${installHint(name)}\n${reason}`,
        { cause: error },
      )
    }
    return start
  })
}

/** Made beside its place and then renamed, so that a peer is there whole or not at all. */
async function install(name: PeerName, peer: Peer): Promise<void> {
  const place = join(FOLDER, name)
  const draft = `${place}.draft`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true })
  await unpackFromDebian(peer, draft, join(FOLDER, 'apt'))
  await keepLinksInside(draft)
  await rm(join(draft, 'packages'), { recursive: true, force: true })
  await writeStart(draft, peer)
  await rm(place, { recursive: true, force: true })
  await rename(draft, place)
}

/** Packages link to `/etc/…` for what they bring themselves (Java its settings); here it lies in the folder. */
async function keepLinksInside(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const target = await readlink(path)
    if (!target.startsWith('/') || !(await isAllowed(join(folder, target), constants.F_OK))) continue
    await rm(path)
    await symlink(relative(entry.parentPath, join(folder, target)), path)
  }
}

/** A script that puts the libraries that came along where the program finds them, and becomes the program. */
async function writeStart(folder: string, peer: Peer): Promise<void> {
  const libraries = await libraryFolders(folder)
  const places = libraries.map((place) => `"$here/${place}"`).join(':')
  const search = places === '' ? '' : `LD_LIBRARY_PATH=${places}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} `
  const start = join(folder, 'start')
  const program = await PROGRAMS[peer.interpreter ?? 'none'](peer)
  await writeFile(start, `#!/bin/sh\nhere=$(dirname "$0")\n${search}${program} "$@"\n`)
  await chmod(start, 0o755)
  const needed = peer.interpreter === 'java' ? constants.R_OK : constants.X_OK
  if (!(await isAllowed(join(folder, peer.path), needed)))
    throw new Error(`the package ${peer.package} holds no ${peer.path}`)
}

const PROGRAMS = {
  none: (peer: Peer): string => `exec "$here/${peer.path}"`,
  python3: pythonProgram,
  java: javaProgram,
}

/** Debian's own Python, not one of PATH: the compiled libraries that came along fit no other. */
async function pythonProgram(peer: Peer): Promise<string> {
  const python = (await isRunnable('/usr/bin/python3')) ? '/usr/bin/python3' : '"$here/usr/bin/python3"'
  return `PYTHONPATH="$here/usr/lib/python3/dist-packages" exec ${python} "$here/${peer.path}"`
}

/** Named one by one: with a whole folder Java would open a hundred files at each start. */
const JARS = ['zookeeper', 'zookeeper-jute', 'slf4j-api', 'slf4j-simple', 'metrics-core', 'snappy-java']

async function javaProgram(): Promise<string> {
  const java = (await isRunnable('/usr/bin/java'))
    ? '/usr/bin/java'
    : '"$here/usr/lib/jvm/default-java/bin/java"'
  return `exec ${java} -cp "${JARS.map((name) => `$here/usr/share/java/${name}.jar`).join(':')}"`
}

async function libraryFolders(folder: string): Promise<string[]> {
  const places: string[] = []
  for (const root of ['lib', 'usr/lib']) {
    for (const entry of await readdir(join(folder, root), { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory() || !entry.name.includes('-linux-')) continue
      // systemd keeps what its programs share in a folder of its own.
      for (const place of ['', '/systemd'])
        if (await isRunnable(join(folder, root, entry.name + place)))
          places.push(`${root}/${entry.name}${place}`)
    }
  }
  return places
}

function isRunnable(path: string): Promise<boolean> {
  return isAllowed(path, constants.X_OK)
}

function isAllowed(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
