import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the AWS provider of Terraform asks, and moto cannot answer: capacity that is reserved at a load balancer. */
const UNKNOWN_TO_MOTO = 'DescribeCapacityReservation'
const NONE_RESERVED = `<${UNKNOWN_TO_MOTO}Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">
<${UNKNOWN_TO_MOTO}Result><CapacityReservationState/></${UNKNOWN_TO_MOTO}Result></${UNKNOWN_TO_MOTO}Response>`

/**
 * Stands before moto and passes everything on, but for two things that moto lacks: it answers that one question
 * (nothing is reserved), and, since moto gives tasks addresses at random, puts those of `addresses` in their place, so
 * that traffic can flow.
 */
export async function startMotoRelay(moto: string): Promise<MotoRelay> {
  const relay = new MotoRelay(moto)
  await relay.start()
  return relay
}

export class MotoRelay implements AsyncDisposable {
  url = ''
  /** What an address of moto's is replaced by. */
  readonly addresses = new Map<string, string>()
  readonly #moto: string
  readonly #server = createServer((incoming, response) => {
    this.#relay(incoming, response).catch(() => response.destroy())
  })

  constructor(moto: string) {
    this.#moto = moto
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #relay(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readWhole(incoming)
    if (body.includes(`Action=${UNKNOWN_TO_MOTO}&`)) {
      response.writeHead(200, { 'content-type': 'text/xml' }).end(NONE_RESERVED)
      return
    }
    // With the host that was signed.
    const { method = 'POST', headers, url } = incoming
    const onward = request(this.#moto + url, { method, headers }).end(body)
    const [answer] = (await once(onward, 'response')) as [IncomingMessage]
    let text = (await readWhole(answer)).toString()
    for (const [address, other] of this.addresses) text = text.replaceAll(`"${address}"`, `"${other}"`)
    const { 'content-length': _, ...kept } = answer.headers
    response.writeHead(answer.statusCode!, kept).end(text)
  }
}

async function readWhole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
