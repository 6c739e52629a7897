import assert from 'node:assert/strict'
import { mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { freePorts } from '../peers/free-ports.ts'
import { PeerProcess } from '../peers/peer-process.ts'
import { FileApp, routesTo } from '../support/file-app.ts'
import { startOrigin } from '../support/origins.ts'
import { until } from '../support/until.ts'

/** The daemon that gave the protocol its name, from npm; it is asked on its management port. */
const PROGRAM = new URL('../../node_modules/statsd/stats.js', import.meta.url).pathname

/** The daemon is older than this Node, which has left out a function that it writes its log with. */
const OLD_NODE = 'data:text/javascript,import util from "node:util"; util.log = console.log'

class StatsDaemon implements AsyncDisposable {
  readonly port: number
  readonly #management: number
  readonly #folder: Disposable
  readonly #process: PeerProcess

  private constructor(port: number, management: number) {
    const folder = mkdtempDisposableSync(join(tmpdir(), 'statsd-'))
    const config = join(folder.path, 'config.js')
    const settings = {
      address: '127.0.0.1',
      port,
      mgmt_address: '127.0.0.1',
      mgmt_port: management,
      // No flush within a test: what has come stays where it can be asked for.
      flushInterval: 600_000,
      backends: [],
    }
    writeFileSync(config, JSON.stringify(settings))
    this.port = port
    this.#management = management
    this.#folder = folder
    this.#process = new PeerProcess(process.execPath, ['--import', OLD_NODE, PROGRAM, config])
  }

  static async start(): Promise<StatsDaemon> {
    const [port = 0, management = 0] = await freePorts(2)
    const daemon = new StatsDaemon(port, management)
    await until('the daemon', () => daemon.ask('health').catch(() => undefined))
    return daemon
  }

  /** What it answers to a command such as `counters`. */
  async ask(command: string): Promise<string> {
    const socket = connect(this.#management, '127.0.0.1')
    socket.end(command)
    return await text(socket)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end('SIGTERM')
    this.#folder[Symbol.dispose]()
  }
}

test('a StatsD daemon gets the names of Traefik without labels, counters by what they have grown', async () => {
  await using daemon = await StatsDaemon.start()
  await using origin = await startOrigin()
  const flags = [`--metrics.statsD.address=127.0.0.1:${daemon.port}`, '--metrics.statsD.pushInterval=100ms']
  await using app = await FileApp.start({ routes: routesTo([origin.port]), flags })
  await app.get(3)
  await until('three requests', async () =>
    /'tidegate\.entrypoint\.request\.total': 3,?$/m.test(await daemon.ask('counters')),
  )
  await app.get(2)
  const counters = await until('two more', async () => {
    const now = await daemon.ask('counters')
    return /'tidegate\.service\.request\.total': 5,?$/m.test(now) ? now : undefined
  })
  assert.match(counters, /'tidegate\.config\.reload\.total': 1,?$/m)
  assert.match(await daemon.ask('timers'), /'tidegate\.service\.request\.duration': \[/)
  const gauges = await daemon.ask('gauges')
  assert.match(gauges, /'tidegate\.service\.server\.up': 1,?$/m)
  assert.match(gauges, /'tidegate\.config\.reload\.lastSuccessTimestamp': 1\d{9}/)
})

test('with tags, as Datadog writes them, each series stays its own', async () => {
  await using daemon = await StatsDaemon.start()
  await using origin = await startOrigin()
  const flags = [
    `--metrics.datadog.address=127.0.0.1:${daemon.port}`,
    '--metrics.datadog.pushInterval=100ms',
    '--metrics.datadog.prefix=traefik',
  ]
  await using app = await FileApp.start({ routes: routesTo([origin.port]), flags })
  await app.get(2)
  const counters = await until('a service', async () => {
    const now = await daemon.ask('counters')
    return now.includes('traefik.service.request.total') ? now : undefined
  })
  assert.match(
    counters,
    /'traefik\.service\.request\.total;code=200;method=GET;protocol=http;service=all_file': 2/,
  )
})

test('a daemon that is not there costs nothing but a line in the log', async () => {
  const [port = 0] = await freePorts(1)
  await using origin = await startOrigin()
  const flags = [`--metrics.statsD.address=127.0.0.1:${port}`, '--metrics.statsD.pushInterval=100ms']
  await using app = await FileApp.start({ routes: routesTo([origin.port]), flags })
  for (let i = 0; i < 20; i++) assert.match((await app.get(1)).join(), /^200 /)
})
