import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ec2Model } from './ec2-model.ts'
import { EcsModel } from './ecs-model.ts'

/** One call that came, as policies name it, with what it asked for. */
export interface AwsCall {
  /** Such as `ecs:ListTasks`. */
  readonly action: string
  readonly input: Readonly<Record<string, unknown>>
  readonly headers: IncomingMessage['headers']
}

/**
 * What goes wrong with a call: an error of AWS by its code; `hang`: never an answer; `cut`: half of the answer, and
 * then the connection is reset; `reset`: no answer but a reset; `garbage`: an answer that is none.
 */
export type AwsFault =
  | { readonly status: number; readonly code: string; readonly message: string }
  | 'hang'
  | 'cut'
  | 'reset'
  | 'garbage'

export const THROTTLED: AwsFault = { status: 400, code: 'ThrottlingException', message: 'Rate exceeded' }

/** Starts a server of ours that speaks the wire formats of ECS, EC2 and Auto Scaling on a free loopback port. */
export async function startAwsServer(): Promise<AwsServer> {
  const server = new AwsServer()
  await server.start()
  return server
}

/**
 * For what moto lacks: pages, dynamic ports, several containers, health, and faults. It knows what tests put into it,
 * in the shapes that the API references of AWS give.
 */
export class AwsServer implements AsyncDisposable {
  url = ''
  readonly ecs = new EcsModel()
  readonly ec2 = new Ec2Model()
  /** Everything that was asked, in order. */
  calls: AwsCall[] = []
  /** Decides about each call; undefined: it is answered. */
  fault: (call: AwsCall) => AwsFault | undefined = () => undefined
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** How often each action was called. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { action } of this.calls) counts[action] = (counts[action] ?? 0) + 1
    return counts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request)
    const call = callOf(request, body)
    this.calls.push(call)
    const fault = this.fault(call)
    if (fault === 'hang') return
    if (fault === 'reset') return void request.socket.resetAndDestroy()
    if (fault === 'garbage') return void response.writeHead(200, JSON_TYPE).end('<html>Welcome</html>')
    if (typeof fault === 'object') return sendError(response, call, fault)
    const answer = this.#answer(call)
    if (typeof answer === 'object' && 'code' in answer) return sendError(response, call, answer)
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer.json)
    response.writeHead(200, {
      ...(isJson(call) ? JSON_TYPE : XML_TYPE),
      'content-length': Buffer.byteLength(text),
    })
    if (fault !== 'cut') return void response.end(text)
    response.write(text.slice(0, text.length / 2), () => request.socket.resetAndDestroy())
  }

  #answer(call: AwsCall): { json: object } | { status: number; code: string; message: string } | string {
    const [service, operation = ''] = call.action.split(':')
    return service === 'ecs' ? this.ecs.answer(operation, call.input) : this.ec2.answer(operation, call.input)
  }
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' }
const XML_TYPE = { 'content-type': 'text/xml' }

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  return text
}

function callOf({ headers }: IncomingMessage, body: string): AwsCall {
  const target = String(headers['x-amz-target'] ?? '')
  if (target !== '') {
    return {
      action: `ecs:${target.split('.')[1]}`,
      input: JSON.parse(body) as Record<string, unknown>,
      headers,
    }
  }
  const input = Object.fromEntries(new URLSearchParams(body))
  const service = input['Version'] === '2011-01-01' ? 'autoscaling' : 'ec2'
  return { action: `${service}:${input['Action']}`, input, headers }
}

function isJson({ action }: AwsCall): boolean {
  return action.startsWith('ecs:')
}

function sendError(
  response: ServerResponse,
  call: AwsCall,
  { status, code, message }: { readonly status: number; readonly code: string; readonly message: string },
): void {
  if (isJson(call)) {
    response.writeHead(status, JSON_TYPE).end(JSON.stringify({ __type: code, message }))
    return
  }
  const error = `<Code>${code}</Code><Message>${message}</Message>`
  const text = call.action.startsWith('ec2:')
    ? `<Response><Errors><Error>${error}</Error></Errors><RequestID>1</RequestID></Response>`
    : `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>1</RequestId></ErrorResponse>`
  response.writeHead(status, XML_TYPE).end(text)
}
