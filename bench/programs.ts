import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { installedPeer } from '../test/peers/binaries.ts'
import type { PeerName } from '../test/peers/catalogue.ts'
import { installHint } from '../test/peers/catalogue.ts'

const run = promisify(execFile)

/** Programs of other projects that the bench runs. */
const NEEDED = ['haproxy', 'nginx', 'caddy', 'wrk', 'h2load'] as const satisfies PeerName[]
/** Part of every Linux distribution, and not fetched. */
const SYSTEM_TOOLS: Readonly<Record<string, string>> = {
  taskset: 'apt-get install util-linux',
  openssl: 'apt-get install openssl',
}

export interface Programs {
  /** Where each program is that is there. */
  readonly present: ReadonlyMap<string, string>
  /** How to get each one that is not. */
  readonly missing: ReadonlyMap<string, string>
}

/** Looks for the programs, and installs nothing. */
export async function findPrograms(): Promise<Programs> {
  const present = new Map<string, string>()
  const missing = new Map<string, string>()
  for (const name of NEEDED) {
    const path = await installedPeer(name)
    if (path === undefined) missing.set(name, installHint(name))
    else present.set(name, path)
  }
  for (const [name, hint] of Object.entries(SYSTEM_TOOLS)) {
    if (await answers(name)) present.set(name, name)
    else missing.set(name, hint)
  }
  return { present, missing }
}

/** @throws Error that says how to get the program */
export function programPath({ present, missing }: Programs, name: string): string {
  const path = present.get(name)
  if (path === undefined)
    throw new Error(`${name} is missing; get it: ${missing.get(name) ?? `install ${name}`}`)
  return path
}

function answers(name: string): Promise<boolean> {
  return run(name, [name === 'openssl' ? 'version' : '--version']).then(
    () => true,
    () => false,
  )
}
