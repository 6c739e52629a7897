import { request as requestPlain } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestSecure } from 'node:https'

export type Protocol = 'plain' | 'tls' | 'h2'

export interface Question {
  readonly port: number
  readonly protocol: Protocol
  readonly host: string
  readonly path: string
}

export interface Answer {
  readonly status: number
  /** Which origin answered, when it says so. */
  readonly origin: string | undefined
}

const PATIENCE_MS = 3_000

/** One request on a connection of its own. @throws Error when there is no answer, or none in that protocol */
export function ask(question: Question): Promise<Answer> {
  return question.protocol === 'h2' ? askHttp2(question) : askHttp1(question)
}

function askHttp1({ port, protocol, host, path }: Question): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const secure = { servername: host, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }
  const common = {
    port,
    path,
    host: '127.0.0.1',
    agent: false,
    timeout: PATIENCE_MS,
    headers: { Host: host },
  }
  const request = protocol === 'tls' ? requestSecure({ ...common, ...secure }) : requestPlain(common)
  request.on('response', (response) => {
    response.resume()
    const origin = response.headers['origin-name']
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, origin: typeof origin === 'string' ? origin : undefined }),
    )
    response.on('error', reject)
  })
  request.on('timeout', () => request.destroy(new Error('no answer')))
  request.on('error', reject)
  request.end()
  return promise
}

async function askHttp2({ port, host, path }: Question): Promise<Answer> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { servername: host, rejectUnauthorized: false })
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const timer = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS)
  session.on('error', reject)
  session.on('close', () => reject(new Error('closed')))
  const stream = session.request({ ':path': path, ':authority': host })
  stream.on('error', reject)
  stream.on('response', (headers) => resolve({ status: Number(headers[':status']), origin: undefined }))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    session.destroy()
  }
}
