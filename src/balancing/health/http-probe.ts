import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Client } from 'undici'
import type { HttpQuestion, ProbeResult, ProbeTarget, ProbeTls } from './check.ts'
import { describeError } from './describe-error.ts'

/** Redirects that are followed. */
const MAX_REDIRECTS = 5
/** Bytes of a response head that are read; of the body, none are. */
const MAX_HEAD_BYTES = 16 * 1024

interface Step {
  readonly scheme: 'http' | 'https'
  /** Host header. */
  readonly host: string
  readonly port: number
  readonly path: string
}

/**
 * Asks an endpoint by HTTP/1.1 on a connection of its own, so that nothing of an earlier probe can answer for this one.
 * TLS connections are opened as those for requests are. The signal ends it. Never rejects.
 */
export async function probeHttp(
  target: ProbeTarget,
  question: HttpQuestion,
  tls: ProbeTls,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    let step = firstStep(target, question)
    for (let followed = 0; followed <= MAX_REDIRECTS; followed++) {
      const { status, location } = await ask(target, step, question, tls, signal)
      const next = question.followRedirects ? redirected(target, step, status, location) : undefined
      if (!next) return judged(status, question)
      step = next
    }
    return { passed: false, found: `probe was redirected more than ${MAX_REDIRECTS} times` }
  } catch (error) {
    return { passed: false, found: describeError(error) }
  }
}

function firstStep(target: ProbeTarget, { scheme, port, path, hostname }: HttpQuestion): Step {
  return {
    scheme: scheme ?? (target.tls ? 'https' : 'http'),
    host: hostname ?? target.authority,
    port: port ?? target.port,
    path,
  }
}

async function ask(
  target: ProbeTarget,
  step: Step,
  { method, headers }: HttpQuestion,
  tls: ProbeTls,
  signal: AbortSignal,
): Promise<{ status: number; location: string | undefined }> {
  const client = new Client(`${step.scheme}://probe`, {
    connect: (_, connected) => openSocket(target, step, tls, signal, connected),
    maxHeaderSize: MAX_HEAD_BYTES,
    // The deadline of the whole probe is the signal's alone.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  // The signal of a request is not heeded before there is a connection.
  const end = (): void => client.destroy(signal.reason as Error, () => {})
  signal.addEventListener('abort', end)
  try {
    const fields = { 'user-agent': 'Tidegate health check', ...headers, host: step.host }
    const response = await client.request({ method, path: step.path, headers: fields })
    const location = response.headers['location']
    // That nobody wants it is an error to the body, too.
    response.body.on('error', () => {})
    return { status: response.statusCode, location: typeof location === 'string' ? location : undefined }
  } finally {
    signal.removeEventListener('abort', end)
    // Whatever is still coming is not read.
    client.destroy(() => {})
  }
}

function openSocket(
  { address: host }: ProbeTarget,
  { scheme, host: authority, port }: Step,
  tls: ProbeTls,
  signal: AbortSignal,
  connected: (...outcome: [Error, null] | [null, Socket]) => void,
): void {
  const name = authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const socket =
    scheme === 'https' ? connectTls({ ...tls.optionsFor(name), host, port }) : connect({ host, port })
  const failed = (error: Error): void => connected(error, null)
  const end = (): void => void socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', end)
  socket.once('close', () => signal.removeEventListener('abort', end))
  socket.once('error', failed)
  socket.once(scheme === 'https' ? 'secureConnect' : 'connect', () => {
    socket.off('error', failed)
    connected(null, socket)
  })
  if (signal.aborted) end()
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Where to ask next. A probe never leaves the server that it is about: neither must it find somebody else well instead,
 * nor may an endpoint have the proxy ask for what only the proxy can reach.
 */
function redirected(
  target: ProbeTarget,
  step: Step,
  status: number,
  location: string | undefined,
): Step | undefined {
  if (!REDIRECTS.has(status) || location === undefined) return undefined
  const { scheme, host, port, path } = step
  const base = `${scheme}://${host.replace(/:\d+$/, '')}:${port}${path}`
  const url = URL.canParse(location, base) ? new URL(location, base) : undefined
  if (url?.protocol !== `${scheme}:`) return undefined
  const own = [host, target.authority, target.address].map(hostOf)
  if (!own.includes(url.hostname) || (url.port !== '' && Number(url.port) !== port)) return undefined
  return { ...step, path: url.pathname + url.search }
}

function hostOf(authority: string): string {
  const bare = isIP(authority) === 6 ? `[${authority}]` : authority
  return new URL(`http://${bare}`).hostname
}

function judged(status: number, question: HttpQuestion): ProbeResult {
  const passed = question.status === 0 ? status >= 200 && status < 400 : status === question.status
  const wanted = passed || question.status === 0 ? '' : ` instead of ${question.status}`
  return { passed, found: `probe answered ${status}${wanted}` }
}
