/** One running instance, as it is registered. */
export interface Instance {
  readonly id: string
  readonly port: number
  /** Its version, such as `v1`. */
  readonly tag: string
}

/** Where Tidegate finds the instances; disposing of it takes all of them out. */
export interface Registry extends AsyncDisposable {
  /** As in `found through a file`. */
  readonly description: string
  /** By which Tidegate is told of it. */
  readonly flags: readonly string[]
  /** Environment variables for what must not be seen among the processes. */
  readonly env: Readonly<Record<string, string>>
  register(instance: Instance): Promise<void>
  deregister(instance: Instance): Promise<void>
}

export const DOMAIN = 'example.com'
export const ENVIRONMENT = 'dev'
export const SERVICE = 'whoami'

/** The host under which instances with this tag are served. */
export function hostOf(tag: string): string {
  return `${SERVICE}-${tag}.${ENVIRONMENT}.${DOMAIN}`
}
