import { execFile } from 'node:child_process'
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A Terraform with which the AWS provider can be had. */
export interface Terraform {
  readonly binary: string
  readonly env: NodeJS.ProcessEnv
  /** In words, for reports. */
  readonly source: string
}

/**
 * The Terraform of this machine (`TERRAFORM_BIN`, else on PATH), with the AWS provider from where it can be had: what
 * `TF_CLI_CONFIG_FILE` says, else a mirror that lies on this machine, else the network. Otherwise why not, in words.
 */
export function findTerraform(): Promise<Terraform | string> {
  return (found ??= search())
}

let found: Promise<Terraform | string> | undefined

async function search(): Promise<Terraform | string> {
  const binary = await terraformBinary()
  if (binary === undefined) return 'there is no terraform on PATH, and TERRAFORM_BIN names none'
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-terraform-'))
  process.once('exit', () => void rm(folder, { recursive: true, force: true }))
  const env: NodeJS.ProcessEnv = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' }
  const given = env['TF_CLI_CONFIG_FILE']
  if (given !== undefined && (await exists(given)))
    return (await hasProvider(binary, env, folder)) ?? { binary, env, source: 'as TF_CLI_CONFIG_FILE says' }
  const mirror = await findMirror()
  const config = join(folder, 'terraformrc')
  await writeFile(config, mirror === undefined ? '' : mirrorConfig(mirror))
  const own = { ...env, TF_CLI_CONFIG_FILE: config }
  const source = mirror === undefined ? 'from the network' : 'from a mirror on this machine'
  return (await hasProvider(binary, own, folder)) ?? { binary, env: own, source }
}

/** Undefined when the provider can be had, else why not. */
async function hasProvider(
  binary: string,
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<string | undefined> {
  const probe =
    '{ "terraform": { "required_providers": { "aws": { "source": "hashicorp/aws", "version": ">= 5.60, < 7.0" } } } }'
  await writeFile(join(folder, 'probe.tf.json'), probe)
  try {
    await run(binary, ['init', '-backend=false', '-input=false', '-no-color'], {
      cwd: folder,
      env,
      timeout: 120_000,
    })
    return undefined
  } catch (error) {
    const { stderr = String(error) } = error as { stderr?: string }
    return `the AWS provider cannot be had: ${stderr.trim().split('\n').at(-1) ?? ''}`
  }
}

function mirrorConfig(path: string): string {
  return `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(path)}
    include = ["registry.terraform.io/*/*"]
  }
}
`
}

async function terraformBinary(): Promise<string | undefined> {
  const named = process.env['TERRAFORM_BIN']
  if (named !== undefined && named !== '') return named
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && (await exists(join(folder, 'terraform')))) return join(folder, 'terraform')
  }
  return undefined
}

const REGISTRY = 'registry.terraform.io'
/** Where no mirror lies, and much else. */
const PASSED_BY = new Set(['proc', 'sys', 'dev', 'run', 'tmp', 'node_modules', '.git', '.terraform'])
const DEEPEST = 4

/** The folder above `registry.terraform.io/hashicorp/aws`: in the places that Terraform knows, else anywhere near the root. */
async function findMirror(): Promise<string | undefined> {
  const home = join(homedir(), '.terraform.d')
  const known = [process.env['TF_PLUGIN_CACHE_DIR'], join(home, 'plugins'), join(home, 'plugin-cache')]
  for (const folder of known) if (folder !== undefined && (await holdsAws(folder))) return folder
  let level = ['/']
  for (let depth = 0; depth < DEEPEST; depth++) {
    const next: string[] = []
    for (const folder of level) {
      const names = await foldersIn(folder)
      if (names.includes(REGISTRY) && (await holdsAws(folder))) return folder
      next.push(...names.filter((name) => !PASSED_BY.has(name)).map((name) => join(folder, name)))
    }
    level = next
  }
  return undefined
}

function holdsAws(folder: string): Promise<boolean> {
  return exists(join(folder, REGISTRY, 'hashicorp/aws'))
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
