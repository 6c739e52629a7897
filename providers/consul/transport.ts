import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import * as http from 'node:http'
import * as https from 'node:https'
import type { Socket } from 'node:net'
import type Consul from 'consul'

/** No catalog comes near; a thing that answers without end must not fill the memory. */
const LARGEST_ANSWER = 256 * 1024 * 1024

/** What the package's pipeline hands to its extensions, as far as it is used here. */
interface PipelineRequest {
  transport: { request(options: RequestOptions): ClientRequest }
  readonly opts: { readonly name: string; readonly query: Record<string, string> }
}

interface Extensible {
  _ext(event: 'onCreate' | 'onRequest', extension: (request: PipelineRequest, next: () => void) => void): void
}

/**
 * Mends two things that the package leaves open: an answer whose connection breaks in the body would stay pending
 * until its time-out, since only the body's end is listened for; and a body may grow without bound.
 * Gives a count of the connections that have ended so far.
 */
export function guardAnswers(consul: Consul, secure: boolean): () => number {
  const extensible = consul as unknown as Extensible
  const request = secure ? https.request : http.request
  const known = new WeakSet<Socket>()
  let ended = 0
  const count = (socket: Socket): void => {
    if (known.has(socket)) return
    known.add(socket)
    socket.once('close', () => ended++)
  }
  extensible._ext('onRequest', (pipeline, next) => {
    pipeline.transport = { request: (options) => guarded(request(options)).once('socket', count) }
    next()
  })
  return () => ended
}

/** Asks for `cached` where the agent's cache may answer; the package has no option for it. */
export function allowCachedReads(consul: Consul): void {
  ;(consul as unknown as Extensible)._ext('onCreate', (pipeline, next) => {
    if (pipeline.opts.name === 'health.service') pipeline.opts.query['cached'] = '1'
    next()
  })
}

function guarded(request: ClientRequest): ClientRequest {
  return request.on('response', (answer) => {
    answer.on('close', () => {
      if (!answer.complete)
        request.emit('error', new BrokenAnswerError('the connection broke within the answer'))
    })
    limit(answer, request)
  })
}

function limit(answer: IncomingMessage, request: ClientRequest): void {
  let length = 0
  answer.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > LARGEST_ANSWER)
      request.destroy(new BrokenAnswerError(`the answer is larger than ${LARGEST_ANSWER} bytes`))
  })
}

/** The answer is none; its beginning must not be used. */
class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError'
}
