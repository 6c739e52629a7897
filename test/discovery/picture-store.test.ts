import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PictureStore } from '../../src/discovery/picture-store.ts'
import type { PictureStoreOptions } from '../../src/discovery/picture-store.ts'
import type { StoredPicture } from '../../src/discovery/stored-picture.ts'
import { FakeClock, turns } from './fake-clock.ts'
import { instance } from './fake-provider.ts'

const DAY = 86_400_000

async function storing(more: Partial<PictureStoreOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  const clock = new FakeClock()
  const lines: string[] = []
  const log = { info: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) }
  const world = {
    folder,
    path: join(folder, 'picture.json'),
    clock,
    lines,
    ids: ['a'],
    knownAt: clock.now(),
    open: (): PictureStore =>
      new PictureStore({ path: world.path, maxAge: DAY, picture: world.picture, log, clock, ...more }),
    picture: (): StoredPicture =>
      new Map([
        [
          'consulcatalog',
          new Map([
            ['', { snapshot: { instances: world.ids.map((id) => instance(id)) }, knownAt: world.knownAt }],
          ]),
        ],
      ]),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
  return world
}

/** Opens, writes and closes. */
async function written(world: Awaited<ReturnType<typeof storing>>): Promise<void> {
  const store = world.open()
  store.start()
  await store.close()
  assert.deepEqual(store.problems, [])
}

function idsOf(picture: StoredPicture): string[] {
  return [...picture.values()].flatMap((parts) =>
    [...parts.values()].flatMap(({ snapshot: { instances = [] } }) => instances.map(({ id }) => id)),
  )
}

test('what one process has written, for its owner alone, the next one reads', async () => {
  await using world = await storing()
  await written(world)
  assert.equal((await stat(world.path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(world.folder), ['picture.json'])
  const store = world.open()
  assert.deepEqual(idsOf(await store.read()), ['a'])
  assert.deepEqual(store.problems, [])
})

test('where there is no file there is no problem', async () => {
  await using world = await storing()
  const store = world.open()
  assert.equal((await store.read()).size, 0)
  assert.deepEqual(store.problems, [])
})

const faults: readonly (readonly [string, (path: string) => Promise<void>, RegExp])[] = [
  ['is damaged', (path) => writeFile(path, '{"format":', { mode: 0o600 }), /is no snapshot of discovery/],
  ['may be written by others', (path) => chmod(path, 0o622), /may be written by others/],
  [
    'is a folder',
    async (path) => {
      await rm(path)
      await mkdir(path)
    },
    /is no regular file/,
  ],
  [
    'is a link',
    async (path) => {
      await rm(path)
      await symlink('/etc/passwd', path)
    },
    /cannot be read \(ELOOP\)/,
  ],
]
for (const [name, spoil, why] of faults) {
  test(`a file that ${name} is not used, and is a problem`, async () => {
    await using world = await storing()
    await written(world)
    await spoil(world.path)
    const store = world.open()
    assert.equal((await store.read()).size, 0)
    assert.deepEqual(
      store.problems.map(({ code }) => code),
      ['E503'],
    )
    assert.match(store.problems[0]!.message, why)
    assert.match(world.lines.join(), why)
  })
}

test('a file that could not be used is no problem any more once it is written anew', async () => {
  await using world = await storing()
  await writeFile(world.path, 'nonsense', { mode: 0o600 })
  const store = world.open()
  await store.read()
  store.start()
  await store.close()
  assert.deepEqual(store.problems, [])
  assert.deepEqual(idsOf(await world.open().read()), ['a'])
})

test('what its source vouched for too long ago is not used', async () => {
  await using world = await storing()
  await written(world)
  await world.clock.advance(DAY)
  assert.deepEqual(idsOf(await world.open().read()), ['a'])
  await world.clock.advance(1)
  const store = world.open()
  assert.deepEqual(idsOf(await store.read()), [])
  assert.match(store.problems[0]!.message, /one part of the snapshot .* too old/)
})

test('a wall clock that was set back makes nothing too old', async () => {
  await using world = await storing()
  await written(world)
  world.clock.jump(-30 * DAY)
  assert.deepEqual(idsOf(await world.open().read()), ['a'])
})

test('changes are written at once, and then once in two seconds at most; a quiet time is written every ten minutes', async () => {
  const texts: string[] = []
  await using world = await storing({ write: async (_, text) => void texts.push(text) })
  const store = world.open()
  store.start()
  await turns()
  assert.equal(texts.length, 0)
  for (const id of ['b', 'c', 'd']) {
    world.ids.push(id)
    store.changed()
    await turns()
  }
  assert.equal(texts.length, 1)
  await world.clock.advance(1_999)
  assert.equal(texts.length, 1)
  await world.clock.advance(1)
  assert.equal(texts.length, 2)
  assert.match(texts[1]!, /"id":"d"/)
  await world.clock.advance(2_000)
  assert.equal(texts.length, 2)
  await world.clock.advance(600_000)
  assert.equal(texts.length, 3)
  await store.close()
  assert.equal(texts.length, 4)
})

test('a full disk is a problem, told once, until there is room again', async () => {
  let full = true
  await using world = await storing({
    write: async () => {
      if (full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    },
  })
  const store = world.open()
  store.start()
  for (let i = 0; i < 3; i++) {
    store.changed()
    await turns()
    await world.clock.advance(2_000)
  }
  assert.match(store.problems[0]!.message, /cannot be written \(ENOSPC\); requests are served all the same/)
  assert.equal(world.lines.length, 1)
  full = false
  store.changed()
  await turns()
  assert.deepEqual(store.problems, [])
  assert.match(world.lines[1]!, /written again/)
  await store.close()
})

test('a write that fails leaves the old file as it was, and nothing beside it', async () => {
  await using world = await storing()
  await written(world)
  const before = await readFile(world.path, 'utf8')
  await mkdir(`${world.path}.tmp`)
  await writeFile(join(`${world.path}.tmp`, 'x'), '')
  const store = world.open()
  store.start()
  world.ids.push('b')
  await store.close()
  assert.equal(store.problems[0]?.code, 'E503')
  assert.equal(await readFile(world.path, 'utf8'), before)
})

test('a link that somebody laid where the new file is written is not followed', async () => {
  await using world = await storing()
  const victim = join(world.folder, 'victim')
  await writeFile(victim, 'precious')
  await symlink(victim, `${world.path}.tmp`)
  await written(world)
  assert.equal(await readFile(victim, 'utf8'), 'precious')
  assert.deepEqual((await readdir(world.folder)).toSorted(), ['picture.json', 'victim'])
})

test('instances that cannot be stored for their secrets are a problem', async () => {
  await using world = await storing()
  const picture = new Map([
    [
      'p',
      new Map([
        ['', { snapshot: { instances: [instance('a', { tags: ['PASSWORD=hunter2'] })] }, knownAt: 1 }],
      ]),
    ],
  ])
  world.picture = () => picture
  const store = world.open()
  store.start()
  await store.close()
  assert.match(store.problems[0]!.message, /one instance is not in the snapshot/)
  assert.doesNotMatch(await readFile(world.path, 'utf8'), /hunter2/)
})
