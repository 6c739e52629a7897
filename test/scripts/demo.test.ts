import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { parseOptions } from '../../scripts/demo/options.ts'
import { startConsul } from '../peers/consul.ts'

const PROGRAM = new URL('../../scripts/demo.ts', import.meta.url).pathname

const accepted: [args: string[], env: NodeJS.ProcessEnv, consul: string | undefined, once: boolean][] = [
  [[], {}, undefined, false],
  [['--once'], { CONSUL_HTTP_ADDR: 'a:1' }, undefined, true],
  [['--consul'], {}, 'http://127.0.0.1:8500/', false],
  [['--consul'], { CONSUL_HTTP_ADDR: '10.0.0.1:8501' }, 'http://10.0.0.1:8501/', false],
  [
    ['--consul', '--once'],
    { CONSUL_HTTP_ADDR: 'https://consul.example:8501' },
    'https://consul.example:8501/',
    true,
  ],
  [['--once', '--consul', 'localhost:1'], { CONSUL_HTTP_ADDR: 'a:1' }, 'http://localhost:1/', true],
  [['--consul=[::1]:8500'], {}, 'http://[::1]:8500/', false],
]
for (const [args, env, consul, once] of accepted) {
  test(`demo ${args.join(' ')}: ${JSON.stringify(env)}`, () => {
    const options = parseOptions(args, env)
    assert.deepEqual({ ...options, consul: options?.consul?.href }, { consul, once })
  })
}

const refused: [args: string[], complaint: RegExp][] = [
  [['--onec'], /unknown argument `--onec`/],
  [['--once=yes'], /unknown argument/],
  [['word'], /unknown argument `word`/],
  [['--consul', 'a b'], /`a b` is no address of a Consul agent/],
  [['--consul', 'a:99999999'], /is no address/],
  [['--consul', 'http://a/path'], /is no address/],
]
for (const [args, complaint] of refused) {
  test(`demo ${args.join(' ')} is refused`, () => {
    assert.throws(() => parseOptions(args, {}), complaint)
  })
}

test('the demo replaces every instance, loses nothing, and prints addresses that work', async () => {
  await rollOnce([])
})

test('the demo does the same through Consul, and takes out what it registered', async () => {
  await using consul = await startConsul()
  await rollOnce(['--consul', consul.address])
  assert.deepEqual(await consul.call('GET', '/v1/agent/services'), {})
})

test('the demo says when there is no Consul agent', async () => {
  const { code, lines } = await run(['--consul', '127.0.0.1:1', '--once'])
  assert.equal(code, 1)
  assert.match(lines.join('\n'), /^demo: no Consul agent at 127\.0\.0\.1:1: nothing answers there; start one/)
})

test('a demo that is told to stop ends what it started', async () => {
  let port = ''
  const { code, lines } = await run([], (line, stop) => {
    port ||= /127\.0\.0\.1:(\d+)\/$/.exec(line)?.[1] ?? ''
    if (line.startsWith('Replacing')) stop()
  })
  assert.equal(code, 0, lines.join('\n'))
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
})

async function rollOnce(args: readonly string[]): Promise<void> {
  const answers: Promise<string>[] = []
  const { code, lines } = await run(['--once', ...args], (line) => {
    const [, host, url] = /^ {2}curl -H 'Host: (\S+)' (\S+)$/.exec(line) ?? []
    if (host !== undefined && url !== undefined) answers.push(get(url, host))
  })
  const output = lines.join('\n')
  assert.equal(code, 0, output)
  assert.match(
    output,
    /3 instances replaced, [1-9]\d* or more requests in flight at each; [\d,]+ requests, 0 failed\./,
  )
  const [v1 = '', v2 = ''] = await Promise.all(answers)
  assert.match(v1, /^Name: whoami-\d[^]*^Host: whoami-v1\.dev\.example\.com$/m)
  assert.match(v2, /^Name: whoami-\d[^]*^Host: whoami-v2\.dev\.example\.com$/m)
}

/** Runs the demo to its end; `stop` sends what Ctrl-C sends. */
async function run(
  args: readonly string[],
  onLine?: (line: string, stop: () => void) => void,
): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      onLine?.(line, () => child.kill('SIGINT'))
    })
  }
  await once(child, 'close')
  return { code: child.exitCode, lines }
}

async function get(url: string, host: string): Promise<string> {
  const [response] = (await once(request(url, { headers: { Host: host } }).end(), 'response')) as [
    IncomingMessage,
  ]
  return (await response.setEncoding('utf8').toArray()).join('')
}
