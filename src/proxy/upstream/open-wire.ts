import { connect as connectTls } from 'node:tls'
import type { WireHandler } from '../wire.ts'
import { Wire } from '../wire.ts'
import type { Endpoint } from './endpoint.ts'
import { keepSession } from './tls-session.ts'

/** Begins to connect to an endpoint; `connected` runs once bytes can be sent, behind the TLS handshake if there is one. */
export function openWire(endpoint: Endpoint, handler: WireHandler, connected: () => void): Wire {
  const { address, port, tls, authority } = endpoint.plan
  if (!tls) return Wire.connect(address, port, handler, connected)
  const name = authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const { tlsSession: session, transport } = endpoint
  const options = transport.tls.optionsFor(name)
  const socket = connectTls({ ...options, host: address, port, ...(session && { session }) })
  socket.setNoDelay(true)
  keepSession(socket, endpoint)
  socket.once('secureConnect', connected)
  return Wire.tls(socket, handler)
}
