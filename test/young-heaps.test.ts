import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

/** Makes a lot of objects, of which every tenth stays, here or in a worker; prints the MiB of the young heap. */
const PROGRAM = `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { isMainThread, Worker } from 'node:worker_threads'
  import { keepYoungHeapsSmall } from '${new URL('../src/young-heaps.ts', import.meta.url).href}'
  if (isMainThread) keepYoungHeapsSmall()
  const kept = []
  for (let i = 0; i < 1_000_000; i++) {
    const made = { i, list: [i] }
    if (i % 10 === 0) kept.push(made)
  }
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
  console.log(Math.round(young.physical_space_size / 2 ** 20))
  const program = process.env.PROGRAM
  if (isMainThread) new Worker(new URL('data:text/javascript,' + encodeURIComponent(program)),
    { resourceLimits: { maxYoungGenerationSizeMb: 6 } })
`

test('the young heap of the main thread stays small, and that of a worker is what it may be', async () => {
  const args = ['--input-type=module', '--eval', PROGRAM]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, PROGRAM } })
  const [main, worker] = stdout.trim().split('\n').map(Number)
  assert.ok(main! <= 2, `${main} MiB in the main thread`)
  assert.equal(worker, 4)
})
