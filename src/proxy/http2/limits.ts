/** What one client may ask of an HTTP/2 connection. */
export interface Http2Limits {
  /** Requests under way at one time. */
  readonly maxConcurrentStreams: number
  /** Bytes of the table by which clients compress headers. */
  readonly maxDecoderHeaderTableSize: number
  /** Bytes of the table by which headers to clients are compressed. */
  readonly maxEncoderHeaderTableSize: number
}

/** Traefik's. */
export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxConcurrentStreams: 250,
  maxDecoderHeaderTableSize: 4_096,
  maxEncoderHeaderTableSize: 4_096,
}
