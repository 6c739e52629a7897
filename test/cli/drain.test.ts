import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileApp, routesTo } from '../support/file-app.ts'
import { refusingPort } from '../support/raw-upstream.ts'
import { runGiven } from './run-given.ts'

const ENV = { TIDEGATE_API_TOKEN: 'a-token-for-tests' }

async function start(): Promise<FileApp> {
  return FileApp.start({
    routes: routesTo([1, 2]),
    flags: ['--api.address=127.0.0.1:0', `--api.token=${ENV.TIDEGATE_API_TOKEN}`],
  })
}

function flag(it: FileApp): string {
  return `--api.address=127.0.0.1:${it.app.adminPort}`
}

test('drain, and undrain', async () => {
  await using it = await start()
  assert.deepEqual(await runGiven(['drain', 'all', '127.0.0.1:1', '--reason=new disk', flag(it)], ENV), {
    code: 0,
    out: 'http://127.0.0.1:1 of all@file: draining (drained by an operator: new disk)\n',
    err: '',
  })
  assert.match(it.states()[1]!, /^(?:draining|gone)/)
  assert.deepEqual(await runGiven(['undrain', 'all@file', 'http://127.0.0.1:1', flag(it)], ENV), {
    code: 0,
    out: 'http://127.0.0.1:1 of all@file: ready (came back)\n',
    err: '',
  })
})

const REFUSED: readonly (readonly [
  args: readonly string[],
  env: Record<string, string>,
  code: number,
  err: RegExp,
])[] = [
  [['drain'], ENV, 1, /^service and endpoint are missing\n {2}→ write `tidegate drain SERVICE ENDPOINT`/],
  [['undrain', 'all', '--api'], ENV, 1, /^service and endpoint are missing/],
  [['drain', 'all', 'x', '--api.adress=:1'], ENV, 1, /did you mean `address`\?/],
  [['drain', 'all', 'x'], {}, 1, /^`api` is not configured/],
]
for (const [args, env, code, err] of REFUSED) {
  test(`refused before anybody is asked: ${args.join(' ')}`, async () => {
    const outcome = await runGiven(args, env)
    assert.deepEqual([outcome.code, outcome.out], [code, ''])
    assert.match(outcome.err, err)
  })
}

const ANSWERS: readonly (readonly [args: readonly string[], env: Record<string, string>, err: RegExp])[] = [
  [['drain', 'alll', 'x'], ENV, /^there is no service `alll`\n {2}→ there is `all@file`\n$/],
  [['drain', 'all', '127.0.0.1:11'], ENV, /^there is no endpoint `127\.0\.0\.1:11`\n {2}→ did you mean `/],
  [
    ['undrain', 'all', '127.0.0.1:1'],
    ENV,
    /^`http:\/\/127\.0\.0\.1:1` of `all@file` was not drained by an operator\n/,
  ],
  [['drain', 'all', '127.0.0.1:1'], { TIDEGATE_API_TOKEN: 'wrong' }, /^the token is wrong\n/],
  [['drain', 'all', '127.0.0.1:1'], {}, /^there is no token to ask with\n/],
]
for (const [args, env, err] of ANSWERS) {
  test(`refused by the running process: ${args.join(' ')} with ${JSON.stringify(env)}`, async () => {
    await using it = await start()
    const outcome = await runGiven([...args, flag(it)], env)
    assert.deepEqual([outcome.code, outcome.out], [1, ''])
    assert.match(outcome.err, err)
    assert.ok(!outcome.err.includes(ENV.TIDEGATE_API_TOKEN))
  })
}

test('nobody there: exit code 2', async () => {
  const port = refusingPort()
  const { code, err } = await runGiven(['drain', 'all', 'x', `--api.address=127.0.0.1:${port}`], ENV)
  assert.equal(code, 2)
  assert.match(err, /could not be asked \(ECONNREFUSED\)\n {2}→ is Tidegate running/)
})
