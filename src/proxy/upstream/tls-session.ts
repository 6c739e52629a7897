import type { TLSSocket } from 'node:tls'
import type { Endpoint } from './endpoint.ts'

/**
 * Keeps what the next connection to the endpoint can be resumed by. Not before the certificate has been verified: of
 * a resumed one it is not verified again.
 */
export function keepSession(socket: TLSSocket, endpoint: Endpoint): void {
  const { transport } = endpoint
  let verified = false
  let newest: Buffer | undefined
  const keep = (): void => {
    if (verified && newest && endpoint.transport === transport) endpoint.tlsSession = newest
  }
  socket.on('session', (session: Buffer) => {
    newest = session
    keep()
  })
  socket.once('secureConnect', () => {
    verified = true
    keep()
  })
}
