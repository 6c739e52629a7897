import { cp, mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Terraform } from '../peers/terraform.ts'
import { done } from '../support/package.ts'

export const ROOT = new URL('../../', import.meta.url).pathname

/** A copy of what modules read, so that what Terraform writes beside them never lands in the repository. */
export async function openWorkspace(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-terraform-'))
  for (const name of ['terraform', 'deploy'])
    await cp(join(ROOT, name), join(folder.path, name), {
      recursive: true,
      filter: (path) => !/\/(?:\.terraform|terraform\.tfstate)/.test(path),
    })
  return folder
}

/** Runs one command of Terraform in `folder`, and gives what it said. */
export async function terraform(
  { binary, env }: Terraform,
  folder: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<string> {
  const [command = '', ...rest] = args
  return await done(binary, [command, '-no-color', ...rest], folder, { ...env, ...more })
}

export async function initialise(found: Terraform, folder: string): Promise<void> {
  await terraform(found, folder, ['init', '-backend=false', '-input=false'])
}
