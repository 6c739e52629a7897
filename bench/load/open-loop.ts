import { parseArgs } from 'node:util'
import { LatencyHistogram } from '../../test/support/latency-histogram.ts'
import { OpenLoopConnection } from './open-loop-connection.ts'

/**
 * A program of its own: `node open-loop.ts --port= --host= --path= --rate= --seconds= --connections=`. Sends at a
 * fixed rate, whether answers come or not; wrk sends less when a proxy stalls, and so hides what others would wait.
 * What falls due within a millisecond is sent together. Latency counts from sending, and for requests that found no
 * free connection from when they were due.
 */
const text = { type: 'string', default: '' } as const
const options = { port: text, host: text, path: text, rate: text, seconds: text, connections: text }
const { values } = parseArgs({ options })
const rate = Number(values.rate)
const seconds = Number(values.seconds)
const request = Buffer.from(`GET ${values.path} HTTP/1.1\r\nHost: ${values.host}\r\n\r\n`, 'latin1')

/** Answers of the first part, while connections open and code warms up, are not counted. */
const WARM_UP_S = 0.5
const GIVE_UP_MS = 3_000

const latencies = new LatencyHistogram()
const idle: OpenLoopConnection[] = []
const waiting: number[] = []
let counting = false
let underWay = 0
let failed = 0

for (let count = Number(values.connections); count > 0; count--) {
  idle.push(await OpenLoopConnection.open(Number(values.port), request, answered, () => failed++))
}
const start = performance.now()
const end = start + (WARM_UP_S + seconds) * 1_000
let sent = 0
const timer = setInterval(tick, 1)

function tick(): void {
  const now = performance.now()
  counting = now > start + WARM_UP_S * 1_000
  if (now >= end) return finish(now)
  for (const due = ((now - start) * rate) / 1_000; sent < due; sent++) {
    const connection = idle.pop()
    if (connection) send(connection, now)
    else waiting.push(now)
  }
}

function send(connection: OpenLoopConnection, due: number): void {
  underWay++
  connection.send(due)
}

function answered(connection: OpenLoopConnection, due: number): void {
  underWay--
  if (counting) latencies.record(performance.now() - due)
  const next = waiting.shift()
  if (next === undefined) idle.push(connection)
  else send(connection, next)
}

function finish(now: number): void {
  if (underWay + waiting.length > 0 && now < end + GIVE_UP_MS) return
  clearInterval(timer)
  const errors = failed + underWay + waiting.length
  const result = {
    requests: latencies.count,
    seconds,
    p50: latencies.quantile(0.5),
    p99: latencies.quantile(0.99),
    errors,
  }
  process.stdout.write(`result ${JSON.stringify(result)}\n`, () => process.exit(0))
}
