import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { brief, folder, follow, id, instances } from './file-provider.ts'

test('reads every file of a directory, folders in it included, each as one part', async () => {
  using place = folder()
  mkdirSync(join(place.path, 'sub'))
  writeFileSync(join(place.path, 'a.yml'), instances(1, 2))
  writeFileSync(
    join(place.path, 'b.toml'),
    '[[instances]]\nname = "whoami"\naddress = "127.0.0.1"\nport = 3\n',
  )
  writeFileSync(join(place.path, 'sub', 'c.json'), '{"http": {"routers": {}}}')
  writeFileSync(join(place.path, '.hidden.yml'), instances(9))
  writeFileSync(join(place.path, 'README.md'), 'x')
  await using provider = follow({ directory: place.path })
  const updates = await provider.take(4)
  assert.deepEqual(brief(updates.get('a.yml')), [id(1), id(2)])
  assert.deepEqual(brief(updates.get('b.toml')), [id(3)])
  const json = updates.get('sub/c.json')
  assert.equal(json && 'routing' in json && json.routing?.kind, 'section')
  const itself = updates.get('')
  assert.ok(itself && 'problems' in itself)
  assert.deepEqual(
    itself.problems?.map(({ code, severity, origin }) => [code, severity, origin.source]),
    [['E106', 'warning', join(place.path, 'README.md')]],
  )
})

test('an empty directory is a sound answer', async () => {
  using place = folder()
  await using provider = follow({ directory: place.path })
  assert.deepEqual(await provider.next(), { part: '' })
})

test('follows files that appear, change and go', async () => {
  using place = folder()
  const file = join(place.path, 'a.yml')
  await using provider = follow({ directory: place.path })
  await provider.next()
  writeFileSync(file, instances(1))
  assert.deepEqual(brief(await provider.next()), [id(1)])
  writeFileSync(file, instances(1, 2))
  assert.deepEqual(brief(await provider.next()), [id(1), id(2)])
  writeFileSync(`${file}.tmp`, instances(3))
  renameSync(`${file}.tmp`, file)
  const updates = await provider.take(1)
  assert.deepEqual(brief(updates.get('a.yml')), [id(3)])
  mkdirSync(join(place.path, 'new'))
  writeFileSync(join(place.path, 'new', 'b.yml'), instances(4))
  assert.deepEqual(brief((await provider.take(1)).get('new/b.yml')), [id(4)])
  rmSync(file)
  assert.deepEqual(await provider.next(), { part: 'a.yml', gone: true })
})

test('a broken file costs only itself, and heals', async () => {
  using place = folder()
  const file = join(place.path, 'a.yml')
  writeFileSync(file, instances(1))
  writeFileSync(join(place.path, 'b.yml'), instances(2))
  await using provider = follow({ directory: place.path })
  await provider.take(3)
  writeFileSync(file, 'instances:\n  - { name: whoami\n')
  const broken = await provider.next()
  assert.ok('failure' in broken)
  assert.equal(broken.part, 'a.yml')
  assert.equal(broken.failure.code, 'E104')
  assert.equal(broken.failure.origin.source, file)
  assert.notEqual(broken.failure.origin.line, undefined)
  assert.notEqual(broken.failure.excerpt, undefined)
  writeFileSync(file, instances(1))
  assert.deepEqual(brief(await provider.next()), [id(1)])
})

test('a touched file that says the same is not told again', async () => {
  using place = folder()
  const file = join(place.path, 'a.yml')
  writeFileSync(file, instances(1))
  await using provider = follow({ directory: place.path })
  await provider.take(2)
  utimesSync(file, 1, 1)
  writeFileSync(join(place.path, 'b.yml'), instances(2))
  assert.equal((await provider.next()).part, 'b.yml')
})

test('a file that is written in pieces is read when it has come to rest', async () => {
  using place = folder()
  const file = join(place.path, 'a.yml')
  writeFileSync(file, instances(1))
  await using provider = follow({ directory: place.path })
  await provider.take(2)
  truncateSync(file)
  const pieces = instances(1, 2, 3).match(/.{1,30}/gs) ?? []
  const written = (async () => {
    for (const piece of pieces) {
      appendFileSync(file, piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  // On a machine that stalls between two pieces, what stands there may be told, but never nothing.
  for (let ids: unknown = []; JSON.stringify(ids) !== JSON.stringify([id(1), id(2), id(3)]);) {
    ids = brief(await provider.next())
    assert.notDeepEqual(ids, [])
  }
  await written
})

test('Kubernetes exchanges a whole directory by one link', async () => {
  using place = folder()
  for (const [version, port] of [
    ['..1', 1],
    ['..2', 2],
  ] as const) {
    mkdirSync(join(place.path, version))
    writeFileSync(join(place.path, version, 'a.yml'), instances(port))
  }
  symlinkSync('..1', join(place.path, '..data'))
  symlinkSync('..data/a.yml', join(place.path, 'a.yml'))
  await using provider = follow({ directory: place.path })
  const updates = await provider.take(2)
  assert.deepEqual([...updates.keys()], ['', 'a.yml'])
  symlinkSync('..2', join(place.path, '..data_tmp'))
  renameSync(join(place.path, '..data_tmp'), join(place.path, '..data'))
  assert.deepEqual(brief(await provider.next()), [id(2)])
})

test('a directory that does not exist yet is a failure that heals', async () => {
  using place = folder()
  const directory = join(place.path, 'later')
  await using provider = follow({ directory })
  const failure = await provider.next()
  assert.equal(brief(failure), 'E107')
  assert.ok('failure' in failure && failure.failure.message.includes('does not exist'))
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.yml'), instances(1))
  for (;;) {
    const update = await provider.next()
    if (update.part === 'a.yml') return assert.deepEqual(brief(update), [id(1)])
  }
})

test('a directory that vanishes takes nothing away', async () => {
  using place = folder()
  const directory = join(place.path, 'd')
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.yml'), instances(1))
  // A folder that is renamed sends no event.
  await using provider = follow({ directory }, 20)
  await provider.take(2)
  renameSync(directory, join(place.path, 'elsewhere'))
  assert.equal(brief(await provider.next()), 'E107')
  renameSync(join(place.path, 'elsewhere'), directory)
  for (;;) {
    const update = await provider.next()
    assert.equal('gone' in update, false)
    if (update.part === '' && !('failure' in update)) return
  }
})

test('one file is followed alone, and its absence is a failure', async () => {
  using place = folder()
  const filename = join(place.path, 'a.yml')
  writeFileSync(filename, instances(1))
  writeFileSync(join(place.path, 'b.yml'), instances(2))
  await using provider = follow({ filename })
  assert.deepEqual([...(await provider.take(2)).keys()], ['', 'a.yml'])
  rmSync(filename)
  assert.equal(brief(await provider.next()), 'E107')
  writeFileSync(filename, instances(1))
  for (;;) {
    const update = await provider.next()
    if (!('failure' in update)) return assert.deepEqual(brief(update), [id(1)])
  }
})

test('without watch, only a refresh has files read again', async () => {
  using place = folder()
  const filename = join(place.path, 'a.yml')
  writeFileSync(filename, instances(1))
  await using provider = follow({ filename, watch: false })
  await provider.take(2)
  writeFileSync(filename, instances(2))
  const next = provider.next()
  provider.refresh()
  assert.deepEqual(brief(await next), [id(2)])
})

test('what no event tells is seen by looking now and then', async () => {
  using place = folder()
  using elsewhere = folder()
  const target = join(elsewhere.path, 'target.yml')
  writeFileSync(target, instances(1))
  symlinkSync(target, join(place.path, 'a.yml'))
  await using provider = follow({ directory: place.path }, 50)
  await provider.take(2)
  writeFileSync(target, instances(2))
  assert.deepEqual(brief(await provider.next()), [id(2)])
})

test('what cannot be read is a problem of its own and is never waited for', async () => {
  using place = folder()
  const path = (name: string): string => join(place.path, name)
  execFileSync('mkfifo', [path('fifo.yml')])
  symlinkSync('/dev/zero', path('device.yml'))
  symlinkSync('self.yml', path('self.yml'))
  symlinkSync('nowhere', path('nowhere.yml'))
  symlinkSync('.', path('loop'))
  writeFileSync(path('big.yml'), '')
  truncateSync(path('big.yml'), 16 * 1024 * 1024 + 1)
  writeFileSync(path('bytes.yml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]))
  writeFileSync(path('good.yml'), instances(1))
  await using provider = follow({ directory: place.path })
  const updates = await provider.take(8)
  const shown = Object.fromEntries([...updates].map(([part, update]) => [part, brief(update)]))
  assert.deepEqual(shown, {
    '': [],
    'fifo.yml': 'E107',
    'device.yml': 'E107',
    'self.yml': 'E107',
    'nowhere.yml': 'E107',
    'big.yml': 'E107',
    'bytes.yml': 'E104',
    'good.yml': [id(1)],
  })
  const itself = updates.get('')
  assert.match(String(itself && 'problems' in itself && itself.problems?.[0]?.message), /link into a folder/)
})

test('a thousand files are read, and told in one breath', async () => {
  using place = folder()
  for (let i = 1; i <= 1_000; i++) writeFileSync(join(place.path, `f${i}.yml`), instances(i))
  await using provider = follow({ directory: place.path })
  const updates = await provider.take(1_001)
  assert.equal(updates.size, 1_001)
  assert.deepEqual(brief(updates.get('f1000.yml')), [id(1_000)])
})

test('naming nothing to read is a failure', async () => {
  await using provider = follow({})
  assert.equal(brief(await provider.next()), 'E103')
})

test('naming both is a warning', async () => {
  using place = folder()
  await using provider = follow({ directory: place.path, filename: 'x.yml' })
  const update = await provider.next()
  assert.ok('problems' in update)
  assert.equal(update.problems?.[0]?.severity, 'warning')
})
