import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toPlain } from '../../src/config/source-tree.ts'
import { defineProvider, UNPROVEN_LIMIT } from '../../src/discovery/provider.ts'
import type { Update } from '../../src/discovery/provider.ts'
import { rootsOf, watchKeyStore } from '../../providers/parts/key-store.ts'
import type { StoreSession } from '../../providers/parts/key-store.ts'
import { FakeClock, turns } from '../discovery/fake-clock.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Ours: a store of which a test says what it shows and when it breaks. */
class GivenStore implements AsyncDisposable {
  readonly clock = new FakeClock()
  readonly asked: string[] = []
  readonly provider: WatchedProvider
  #session: StoreSession | undefined
  #break: ((error: Error) => void) | undefined
  refreshes = 0

  constructor(endpoints: readonly [string, ...string[]] = ['a'], rootKey?: string) {
    const follow = (session: StoreSession): Promise<void> => {
      this.asked.push(session.endpoint)
      this.#session = session
      session.onRefresh(() => this.refreshes++)
      const { promise, reject } = Promise.withResolvers<void>()
      this.#break = reject
      return promise
    }
    const store = {
      endpoints,
      roots: rootsOf(rootKey),
      follow,
      toProblem: (error: unknown, endpoint: string) => ({
        code: 'E401' as const,
        severity: 'error' as const,
        message: `${endpoint}: ${(error as Error).message}`,
        origin: { source: 'tested' },
      }),
    }
    const definition = defineProvider({
      summary: '',
      options: () => ({}),
      tagged: false,
      create: (_, tools) => watchKeyStore(store, tools),
    })
    const { clock } = this
    // The session's end is the test's end, so that what sleeps by the given clock is left alone.
    const never = new AbortController().signal
    const { now, monotonic, random } = clock
    const sleep = (milliseconds: number): Promise<void> => clock.sleep(milliseconds, never)
    this.provider = new WatchedProvider(definition, {}, { now, monotonic, random, sleep })
  }

  get session(): StoreSession {
    assert.ok(this.#session)
    return this.#session
  }

  async break(reason: string): Promise<void> {
    this.#break?.(new Error(reason))
    await turns()
  }

  read(keys: Readonly<Record<string, string>>, more: { revision?: bigint; life?: string } = {}): void {
    this.session.read({ pairs: new Map(Object.entries(keys)), ...more })
  }

  changed(keys: Readonly<Record<string, string>>): void {
    this.session.changed(new Map(Object.entries(keys)))
  }

  /** What has been told, in short. */
  get told(): string[] {
    return this.provider.updates.map(shown)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider[Symbol.asyncDispose]()
  }
}

function shown(update: Update): string {
  if ('failure' in update) return `failure ${update.failure.message}`
  if ('gone' in update) return 'gone'
  const { routing, reading, missing } = update
  const what = routing === undefined ? 'nothing' : JSON.stringify(toPlain(routing)).replaceAll('"', '')
  return `${reading}: ${what}${missing === undefined ? '' : ` (${missing})`}`
}

const KEY = 'tidegate/http/routers'

test('several changes are told as one, when nothing has changed for 50 ms', async () => {
  await using store = new GivenStore()
  store.read({})
  await store.clock.advance(50)
  store.changed({ [`${KEY}/a/rule`]: 'x' })
  await store.clock.advance(49)
  store.changed({ [`${KEY}/a/rule`]: 'x', [`${KEY}/a/service`]: 's' })
  await store.clock.advance(49)
  assert.deepEqual(store.told, ['1: nothing'])
  await store.clock.advance(51)
  assert.deepEqual(store.told, ['1: nothing', '1: {http:{routers:{a:{rule:x,service:s}}}}'])
})

test('a store that never is quiet is heard every half second', async () => {
  await using store = new GivenStore()
  for (let i = 0; i < 100; i++) {
    store.read({ [`${KEY}/a/rule`]: String(i) })
    await store.clock.advance(20)
  }
  assert.equal(store.told.length, 4)
})

test('a session that breaks is a failure, and the next endpoint is tried', async () => {
  await using store = new GivenStore(['a', 'b'])
  await turns()
  await store.break('refused')
  await store.clock.advance(100)
  store.read({ [`${KEY}/a/rule`]: 'x' })
  await store.clock.advance(50)
  assert.deepEqual(store.asked, ['a', 'b'])
  assert.deepEqual(store.told, ['failure a: refused', '1: {http:{routers:{a:{rule:x}}}}'])
})

test('what was read before it broke is told before that it broke', async () => {
  await using store = new GivenStore()
  store.read({ [`${KEY}/a/rule`]: 'x' })
  await store.break('reset')
  await store.clock.advance(50)
  assert.deepEqual(store.told, ['1: {http:{routers:{a:{rule:x}}}}', 'failure a: reset'])
})

test('tries come further and further apart, two seconds at most', async () => {
  await using store = new GivenStore()
  for (let i = 0; i < 10; i++) {
    await turns()
    await store.break('refused')
    await store.clock.advance(2_000)
  }
  assert.deepEqual(store.clock.asked.slice(0, 6), [75, 150, 300, 600, 1_200, 1_500])
  assert.equal(store.asked.length, 11)
})

test('a refresh is passed on, and ends the waiting', async () => {
  await using store = new GivenStore()
  await turns()
  store.provider.refresh()
  assert.equal(store.refreshes, 1)
  await store.break('refused')
  store.provider.refresh()
  await turns()
  assert.equal(store.asked.length, 2)
})

const MANY = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${KEY}/r${i}/rule`, 'x']))
const FEW = { [`${KEY}/r0/rule`]: 'x' }

const losses: [name: string, first: object, second: object, proof: boolean][] = [
  ['an empty answer of the same data', { revision: 7n, life: 'c' }, { revision: 8n, life: 'c' }, true],
  ['no marks at all', {}, {}, true],
  ['a revision that went back', { revision: 7n }, { revision: 1n }, false],
  ['other data', { life: 'c' }, { life: 'd' }, false],
]
for (const [name, first, second, proof] of losses) {
  test(`${name}: ${proof ? 'proves' : 'does not prove'} that keys are gone`, async () => {
    await using store = new GivenStore()
    store.read(MANY, first)
    await store.clock.advance(50)
    store.read({}, second)
    await store.clock.advance(50)
    store.read({}, second)
    await store.clock.advance(50)
    const mark = proof ? '' : ' (unproven)'
    assert.deepEqual(store.told.slice(1), [`2: nothing${mark}`, `3: nothing${mark}`])
  })
}

test('a store that has forgotten is believed when it shows nearly as much again, or after ten minutes', async () => {
  await using store = new GivenStore()
  const say = async (keys: Record<string, string>): Promise<string | undefined> => {
    store.read(keys, { revision: 1n })
    await store.clock.advance(50)
    return store.provider.view().snapshot?.missing
  }
  store.read(MANY, { revision: 9n })
  await store.clock.advance(50)
  assert.equal(await say({}), 'unproven')
  assert.equal(await say(FEW), 'unproven')
  assert.equal(await say(MANY), undefined)
  store.read({}, { revision: 0n })
  await store.clock.advance(50)
  assert.equal(store.provider.view().snapshot?.missing, 'unproven')
  await store.clock.advance(UNPROVEN_LIMIT)
  assert.equal(await say(FEW), undefined)
})

test('without a root that is named, ours is read, and Traefik’s when only that is there', async () => {
  await using store = new GivenStore()
  store.read({ 'traefik/http/routers/a/rule': 'x' })
  await store.clock.advance(50)
  assert.deepEqual(store.session.roots, ['tidegate', 'traefik'])
  store.changed({ 'traefik/http/routers/a/rule': 'x', 'tidegate/http/routers/b/rule': 'y' })
  await store.clock.advance(50)
  assert.deepEqual(store.told, ['1: {http:{routers:{a:{rule:x}}}}', '1: {http:{routers:{b:{rule:y}}}}'])
  assert.deepEqual(
    store.provider.view().snapshot?.problems?.map(({ message }) => message),
    ['keys below `traefik` have no effect, since there are keys below `tidegate`'],
  )
})

test('a root that is named is the only one', async () => {
  await using store = new GivenStore(['a'], 'edge/routes/')
  store.read({ 'edge/routes/http/routers/a/rule': 'x' })
  await store.clock.advance(50)
  assert.deepEqual(store.session.roots, ['edge/routes'])
  assert.deepEqual(store.told, ['1: {http:{routers:{a:{rule:x}}}}'])
})
