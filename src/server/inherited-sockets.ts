import { fstatSync, readFileSync, readlinkSync } from 'node:fs'
import type { Problem } from '../config/problem.ts'
import { findListener } from './proc-net.ts'
import type { ListenAddress } from './listener.ts'

/** A listening socket that whoever started this process has opened for it. */
export interface InheritedSocket {
  readonly fd: number
  /** As given by `LISTEN_FDNAMES`; systemd's `FileDescriptorName=`. */
  readonly name: string | undefined
  /** Undefined where the system does not tell. */
  readonly bound: { readonly address: string; readonly port: number } | undefined
}

export interface InheritedSockets {
  readonly sockets: readonly InheritedSocket[]
  readonly problems: readonly Problem[]
}

/** The first one; those before it are standard input, output and error. */
const FIRST_FD = 3
/** Beyond any number of entry points; below the usual limit of open files. */
const MOST_FDS = 512

/**
 * Sockets that were passed by systemd's protocol: `LISTEN_FDS` of them from 3 on, for the process `LISTEN_PID`, with
 * names in `LISTEN_FDNAMES`. Each must be a TCP socket that listens.
 */
export function inheritedSockets(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
  read: SocketReader = systemReader,
): InheritedSockets {
  const { LISTEN_FDS: count, LISTEN_PID: owner, LISTEN_FDNAMES: names } = env
  if (count === undefined || count === '') return { sockets: [], problems: [] }
  if (!/^\d{1,6}$/.test(count) || Number(count) > MOST_FDS) {
    return refused('LISTEN_FDS', `\`${count}\` is no number of sockets from 0 to ${MOST_FDS}`, 'error')
  }
  if (owner !== String(pid)) {
    const whose = owner === undefined ? 'LISTEN_PID is not set' : `LISTEN_PID is ${owner} and this is ${pid}`
    return refused('LISTEN_PID', `the sockets of LISTEN_FDS are for another process: ${whose}`, 'warning')
  }
  const named = names === undefined ? [] : names.split(':')
  if (names !== undefined && named.length !== Number(count)) {
    return refused('LISTEN_FDNAMES', `${named.length} names for ${count} sockets`, 'error')
  }
  const sockets: InheritedSocket[] = []
  const problems: Problem[] = []
  for (let i = 0; i < Number(count); i++) {
    const fd = FIRST_FD + i
    const found = read(fd)
    if (typeof found === 'string')
      problems.push(problem('LISTEN_FDS', `file descriptor ${fd} ${found}`, 'error'))
    else sockets.push({ fd, name: named[i], bound: found })
  }
  return { sockets, problems }
}

export interface Assignment {
  /** By entry point. */
  readonly sockets: ReadonlyMap<string, InheritedSocket>
  readonly problems: readonly Problem[]
}

/**
 * Which socket is which entry point's: the one of its name, else the one at its address, else, when just as many of
 * both are left, in their order. Entry points without one listen by themselves; a socket that is left over is an
 * error, since its connections would wait for ever.
 */
export function assignSockets(
  entryPoints: readonly ListenAddress[],
  sockets: readonly InheritedSocket[],
): Assignment {
  const assigned = new Map<string, InheritedSocket>()
  const left = new Set(sockets)
  const assign = (rule: (entryPoint: ListenAddress, socket: InheritedSocket) => boolean): void => {
    for (const entryPoint of entryPoints) {
      if (assigned.has(entryPoint.entryPoint)) continue
      const socket = [...left].find((candidate) => rule(entryPoint, candidate))
      if (!socket) continue
      assigned.set(entryPoint.entryPoint, socket)
      left.delete(socket)
    }
  }
  assign(({ entryPoint }, { name }) => name?.toLowerCase() === entryPoint.toLowerCase())
  assign(isAt)
  const without = entryPoints.filter(({ entryPoint }) => !assigned.has(entryPoint))
  if (left.size === without.length) assign(() => true)
  const names = entryPoints.map(({ entryPoint }) => entryPoint).join(', ')
  const problems = [...left].map((socket) =>
    problem('LISTEN_FDS', `${describe(socket)} belongs to no entry point; there are ${names}`, 'error'),
  )
  return { sockets: assigned, problems }
}

function isAt({ host, port }: ListenAddress, { bound }: InheritedSocket): boolean {
  if (!bound || port === 0 || bound.port !== port) return false
  const everywhere = bound.address === '::' || bound.address === '0.0.0.0'
  return host === '' ? everywhere : bound.address === host
}

function describe({ fd, name, bound }: InheritedSocket): string {
  const place = bound && `${bound.address.includes(':') ? `[${bound.address}]` : bound.address}:${bound.port}`
  const details = [name, place].filter((detail) => detail !== undefined && detail !== '')
  return `the socket with file descriptor ${fd}${details.length === 0 ? '' : ` (${details.join(', ')})`}`
}

function refused(key: string, message: string, severity: Problem['severity']): InheritedSockets {
  return { sockets: [], problems: [problem(key, message, severity)] }
}

function problem(key: string, message: string, severity: Problem['severity']): Problem {
  return {
    code: 'E501',
    severity,
    message,
    remedy:
      'let the socket unit pass one TCP socket for each entry point, named like it (FileDescriptorName=)',
    origin: { source: 'environment', key },
  }
}

/** Where the socket behind a file descriptor listens; undefined when the system does not tell; else what is wrong. */
export type SocketReader = (fd: number) => InheritedSocket['bound'] | string

function systemReader(fd: number): InheritedSocket['bound'] | string {
  try {
    if (!fstatSync(fd).isSocket()) return 'is no socket'
  } catch {
    return 'is not open'
  }
  let tables: string[]
  let inode: string | undefined
  try {
    inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0]
    tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(readTable)
  } catch {
    // Not Linux: names and order must do.
    return undefined
  }
  return findListener(tables, inode ?? '') ?? 'is no TCP socket that listens'
}

/** There is no table of IPv6 where that is switched off. */
function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
