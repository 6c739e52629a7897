import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import type { Programs } from '../programs.ts'
import { coresOf } from './pinning.ts'

const run = promisify(execFile)

/** What the figures depend on besides the programs' configuration. */
export interface MachineDescription {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly proxyCores: string
  readonly loadCores: string
  /** Of the last minute, before the first measurement: anything much above 0 means company. */
  readonly loadAverage: number
  readonly versions: Readonly<Record<string, string>>
}

export async function describeMachine(programs: Programs): Promise<MachineDescription> {
  const [cpu] = cpus()
  return {
    date: new Date().toISOString(),
    cpu: cpu?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    proxyCores: coresOf('proxy'),
    loadCores: coresOf('load'),
    loadAverage: loadavg()[0] ?? 0,
    versions: await versions(programs),
  }
}

async function versions(programs: Programs): Promise<Record<string, string>> {
  const tidegate = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const asked = [...programs.present].map(async ([name, path]) => [
    name,
    await versionOf(path, FLAGS[name] ?? '--version'),
  ])
  return {
    tidegate: tidegate.version,
    node: process.versions.node,
    ...Object.fromEntries(await Promise.all(asked)),
  }
}

const FLAGS: Readonly<Record<string, string>> = {
  haproxy: '-v',
  nginx: '-v',
  wrk: '-v',
  caddy: 'version',
  openssl: 'version',
}

/** Programs print their version to either stream, and some fail at it. */
async function versionOf(path: string, flag: string): Promise<string> {
  const { stdout, stderr } = await run(path, [flag], { timeout: 5_000 }).catch(
    (error: unknown) => error as { stdout?: string; stderr?: string },
  )
  return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[0] ?? 'unknown'
}
