/** How endpoints are connected to. */
export interface Transport {
  /** Milliseconds for a connection to be there, its TLS handshake included; 0: no limit. */
  readonly dialTimeout: number
  /** Milliseconds from the request's last byte to the response's head; 0: no limit. */
  readonly responseHeaderTimeout: number
  /** Milliseconds that a connection may wait for its next request. */
  readonly idleTimeout: number
  /** Connections per endpoint and worker that may wait for their next request. */
  readonly maxIdleConnections: number
}

/**
 * Traefik's defaults, but for `dialTimeout` (30 s there): a black hole must not hold a request for long; and for
 * `maxIdleConnections` (200 there): beyond it connections are opened and closed all the time (measured at 256 clients).
 */
export const DEFAULT_TRANSPORT: Transport = {
  dialTimeout: 3_000,
  responseHeaderTimeout: 0,
  idleTimeout: 90_000,
  maxIdleConnections: 1_000,
}
