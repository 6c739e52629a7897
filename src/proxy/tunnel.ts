import type { Duplex } from 'node:stream'

/** What an upgraded response carries: the endpoint's socket and the bytes that came behind its 101. */
export interface Tunnel {
  readonly socket: Duplex
  readonly head: Buffer
  /** Called once when the tunnel has ended on either side. */
  onEnd(): void
}
