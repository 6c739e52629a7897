/** What may stand in each block of a job file of Nomad, of what the examples use and a little more. */

interface Words {
  readonly attributes?: readonly string[]
  /** Blocks below it; one that takes a label is written `name *`. */
  readonly blocks?: Readonly<Record<string, Words>>
  /** Any attributes, as the user or a driver decides. */
  readonly free?: boolean
}

const UPDATE: Words = {
  attributes: [
    'canary',
    'max_parallel',
    'auto_promote',
    'auto_revert',
    'health_check',
    'min_healthy_time',
    'healthy_deadline',
    'progress_deadline',
    'stagger',
  ],
}

const CHECK: Words = {
  attributes: ['name', 'type', 'port', 'path', 'interval', 'timeout', 'method', 'protocol'],
  blocks: { check_restart: { attributes: ['limit', 'grace', 'ignore_warnings'] } },
}

const SERVICE: Words = {
  attributes: ['name', 'provider', 'port', 'tags', 'canary_tags', 'address', 'address_mode'],
  blocks: { check: CHECK, meta: { free: true }, canary_meta: { free: true } },
}

const DOCKER: readonly string[] = [
  'image',
  'network_mode',
  'ports',
  'args',
  'command',
  'readonly_rootfs',
  'cap_drop',
  'cap_add',
  'volumes',
]

const TASK: Words = {
  attributes: ['driver', 'user', 'kill_signal', 'kill_timeout', 'shutdown_delay', 'leader'],
  blocks: {
    config: { attributes: DOCKER },
    env: { free: true },
    template: {
      attributes: ['destination', 'change_mode', 'change_signal', 'perms', 'data', 'env', 'uid', 'gid'],
    },
    resources: { attributes: ['cpu', 'cores', 'memory', 'memory_max'] },
    service: SERVICE,
  },
}

const GROUP: Words = {
  attributes: ['count', 'shutdown_delay'],
  blocks: {
    network: { attributes: ['mode'], blocks: { 'port *': { attributes: ['static', 'to', 'host_network'] } } },
    restart: { attributes: ['attempts', 'interval', 'delay', 'mode'] },
    update: UPDATE,
    service: SERVICE,
    'task *': TASK,
  },
}

const FILE: Words = {
  blocks: {
    'variable *': { attributes: ['type', 'description', 'default'] },
    'job *': {
      attributes: ['type', 'datacenters', 'region', 'namespace', 'priority'],
      blocks: {
        update: UPDATE,
        constraint: { attributes: ['attribute', 'operator', 'value'] },
        spread: { attributes: ['attribute', 'weight'] },
        'group *': GROUP,
      },
    },
  },
}

/** The places of all words that do not belong there, such as `job.whoami.group.web.kill_timout`. */
export function unknownWords(file: Readonly<Record<string, unknown>>): string[] {
  return [...within(file, FILE, '')]
}

function* within(block: Readonly<Record<string, unknown>>, words: Words, place: string): Iterable<string> {
  for (const [key, value] of Object.entries(block)) {
    if (words.free || words.attributes?.includes(key)) continue
    const here = `${place}${key}`
    const plain = words.blocks?.[key]
    const labelled = words.blocks?.[`${key} *`]
    if (plain) for (const one of value as Record<string, unknown>[]) yield* within(one, plain, `${here}.`)
    else if (labelled) {
      for (const [label, blocks] of Object.entries(value as Record<string, Record<string, unknown>[]>))
        for (const one of blocks) yield* within(one, labelled, `${here}.${label}.`)
    } else yield here
  }
}
