import type { Wire, WireHandler } from './wire.ts'

/** What an upgraded response carries: the endpoint's wire and the bytes that came behind its 101. */
export interface Tunnel {
  readonly wire: Wire
  readonly head: Buffer
  /** Called once, when the tunnel has ended. */
  onEnd(): void
}

/** Bytes that may wait for a slow side before the other one is asked to pause. */
const HIGH_WATER = 64 * 1024

/**
 * Joins two wires into one byte stream per direction, with back-pressure and half-close both ways. Nothing is
 * looked at: after 101 the bytes belong to the two ends.
 */
export function joinWires(
  client: Wire,
  endpoint: Wire,
  ended: (bytesToClient: number, bytesToEndpoint: number) => void,
): void {
  let open = 2
  const closed = (): void => {
    if (--open === 0) ended(toClient.bytes, toEndpoint.bytes)
  }
  const toEndpoint = new Direction(client, endpoint, closed)
  const toClient = new Direction(endpoint, client, closed)
  client.handler = toEndpoint
  endpoint.handler = toClient
}

/** Listens to one wire and writes to the other. */
class Direction implements WireHandler {
  bytes = 0
  readonly #from: Wire
  readonly #to: Wire
  readonly #closed: () => void

  constructor(from: Wire, to: Wire, closed: () => void) {
    this.#from = from
    this.#to = to
    this.#closed = closed
  }

  onBytes(bytes: Buffer): void {
    this.bytes += bytes.length
    // Borrowed bytes: copied before they are written.
    if (!this.#to.write(Buffer.from(bytes)) && this.#to.backlog > HIGH_WATER) this.#from.pause()
  }

  onEnd(): void {
    this.#to.end()
  }

  /** This wire has room again: the other one may go on. */
  onDrain(): void {
    this.#to.resume()
  }

  onClose(error: Error | undefined): void {
    if (error) this.#to.reset()
    else this.#to.finish()
    this.#closed()
  }
}
