import { mkdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { copy, isSent } from './context.ts'
import { parseDockerfile } from './dockerfile.ts'
import type { Stage, Step } from './dockerfile.ts'
import { makeBase, runInside } from './sandbox.ts'
import type { SandboxKind } from './sandbox.ts'

/** What a Dockerfile came to, without a container engine. */
export interface BuiltImage {
  /** The folder that is its root. */
  readonly root: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** As written, such as `65532:65532`. */
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
  readonly volumes: readonly string[]
  readonly ports: readonly string[]
  readonly stopSignal: string
}

/** Carries out every step of `Dockerfile` in `context` below `folder`; base images are stood in for by the sandbox. */
export async function buildImage(context: string, folder: string, kind: SandboxKind): Promise<BuiltImage> {
  const stages = parseDockerfile(await readFile(join(context, 'Dockerfile'), 'utf8'))
  const ignore = await readFile(join(context, '.dockerignore'), 'utf8')
  const roots = new Map<string, string>()
  let image: BuiltImage | undefined
  for (const [index, stage] of stages.entries()) {
    const root = join(folder, `stage-${index}`)
    await makeBase(root)
    if (stage.name !== undefined) roots.set(stage.name, root)
    image = await new StageBuild(root, { context, ignore, roots, kind }).carryOut(stage)
  }
  if (!image) throw new Error('the Dockerfile has no stage')
  return image
}

interface BuildPlace {
  readonly context: string
  readonly ignore: string
  readonly roots: ReadonlyMap<string, string>
  readonly kind: SandboxKind
}

const BASE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

class StageBuild {
  readonly #root: string
  readonly #place: BuildPlace
  #cwd = '/'
  #user = '0'
  #stopSignal = 'SIGTERM'
  readonly #env: Record<string, string> = { PATH: BASE_PATH }
  readonly #labels: Record<string, string> = {}
  readonly #lists: Record<string, readonly string[]> = {}

  constructor(root: string, place: BuildPlace) {
    this.#root = root
    this.#place = place
  }

  async carryOut({ steps }: Stage): Promise<BuiltImage> {
    for (const step of steps) await this.#step(step)
    const list = (keyword: string): readonly string[] => this.#lists[keyword] ?? []
    return {
      root: this.#root,
      cwd: this.#cwd,
      env: this.#env,
      labels: this.#labels,
      user: this.#user,
      entrypoint: list('ENTRYPOINT'),
      command: list('CMD'),
      healthcheck: list('HEALTHCHECK'),
      volumes: list('VOLUME'),
      ports: list('EXPOSE'),
      stopSignal: this.#stopSignal,
    }
  }

  async #step(step: Step): Promise<void> {
    const [first = ''] = step.args
    switch (step.keyword) {
      case 'ARG':
        return
      case 'WORKDIR':
        this.#cwd = posix.resolve(this.#cwd, first)
        await mkdir(join(this.#root, this.#cwd), { recursive: true })
        return
      case 'RUN':
        return await this.#run(step)
      case 'COPY':
        return await this.#copy(step)
      case 'ENV':
        return void Object.assign(this.#env, step.properties)
      case 'LABEL':
        return void Object.assign(this.#labels, step.properties)
      case 'USER':
        this.#user = first
        return
      case 'STOPSIGNAL':
        this.#stopSignal = first
        return
      case 'ENTRYPOINT':
      case 'CMD':
      case 'HEALTHCHECK':
      case 'VOLUME':
      case 'EXPOSE':
        this.#lists[step.keyword] = step.json.length > 0 ? step.json : step.args
        return
      default:
        throw new Error(
          `Dockerfile:${step.line}: ${step.keyword} is not known here: teach it to ${import.meta.url}`,
        )
    }
  }

  async #run({ text }: Step): Promise<void> {
    const options = { cwd: this.#cwd, env: this.#env, user: 0, group: 0 }
    const rights = { readOnly: false, volumes: [], building: true }
    await runInside(this.#place.kind, this.#root, ['sh', '-ec', text], { ...options, ...rights })
  }

  async #copy({ args, flags, line }: Step): Promise<void> {
    const { context, ignore, roots } = this.#place
    const place = posix.resolve(this.#cwd, args.at(-1)!) + (args.at(-1)!.endsWith('/') ? '/' : '')
    const stage = flags['from']
    const from = stage === undefined ? context : roots.get(stage)
    if (from === undefined) throw new Error(`Dockerfile:${line}: there is no stage ${stage}`)
    const sources = args.slice(0, -1).map((source) => posix.normalize(source).replace(/^\//, ''))
    const sent = stage === undefined ? (path: string) => isSent(path, ignore) : () => true
    await copy(from, sources, join(this.#root, place), sent)
  }
}
