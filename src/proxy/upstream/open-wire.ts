import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { WireHandler } from '../wire.ts'
import { Wire } from '../wire.ts'
import type { Endpoint } from './endpoint.ts'

/** Begins to connect to an endpoint; `connected` runs once bytes can be sent, behind the TLS handshake if there is one. */
export function openWire(endpoint: Endpoint, handler: WireHandler, connected: () => void): Wire {
  const { address, port, tls, authority } = endpoint.plan
  if (!tls) return Wire.connect(address, port, handler, connected)
  const name = authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  // An address is no server name (RFC 6066 §3), but the certificate is verified against it all the same.
  const socket = connectTls({
    host: address,
    port,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(name) ? {} : { servername: name }),
  })
  socket.setNoDelay(true)
  socket.once('secureConnect', connected)
  return Wire.tls(socket, handler)
}
