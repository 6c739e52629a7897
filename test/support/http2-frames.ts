import { RawPeer } from './raw-peer.ts'
import { openTls } from './tls.ts'
import { until } from './until.ts'

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 } as const

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** One frame as it is on the wire (RFC 9113 §4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Fields as literals, neither indexed nor compressed (RFC 7541 §6.2.2), right or wrong. */
export function fieldBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const rest = bytes.length - 127
  const digits = rest < 128 ? [rest] : [(rest % 128) + 128, Math.floor(rest / 128)]
  return Buffer.concat([Buffer.from([127, ...digits]), bytes])
}

/** The fields of a request that nothing is wrong with. */
export const REQUEST = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/'],
  [':authority', 'local.test'],
] as const

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** An HTTP/2 connection over TLS on which a test sends any frames at all. */
export class FrameClient implements AsyncDisposable {
  readonly peer: RawPeer

  private constructor(peer: RawPeer) {
    this.peer = peer
  }

  /** The preface and our settings are sent. */
  static async open(port: number): Promise<FrameClient> {
    const socket = await openTls(port, { ALPNProtocols: ['h2'] })
    socket.on('error', () => {})
    const client = new FrameClient(new RawPeer(socket))
    client.peer.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    client.send(frame(FRAME.settings, 0, 0))
    return client
  }

  send(...frames: readonly Buffer[]): void {
    if (this.peer.socket.writable) this.peer.socket.write(Buffer.concat(frames))
  }

  request(
    stream: number,
    flags: number = FLAG.endStream | FLAG.endHeaders,
    fields: Parameters<typeof fieldBlock>[0] = REQUEST,
  ): void {
    this.send(frame(FRAME.headers, flags, stream, fieldBlock(fields)))
  }

  /** Whole frames that have come. */
  get frames(): Frame[] {
    const bytes = Buffer.from(this.peer.text, 'latin1')
    const frames: Frame[] = []
    for (let at = 0; at + 9 <= bytes.length;) {
      const length = bytes.readUIntBE(at, 3)
      if (at + 9 + length > bytes.length) break
      const payload = bytes.subarray(at + 9, at + 9 + length)
      frames.push({
        type: bytes[at + 3]!,
        flags: bytes[at + 4]!,
        stream: bytes.readUInt32BE(at + 5),
        payload,
      })
      at += 9 + length
    }
    return frames
  }

  /** The first frame of this type, on this stream if one is named, as soon as it is there. */
  frame(type: number, stream?: number): Promise<Frame> {
    return until(`frame ${type} on stream ${stream ?? 'any'}`, () =>
      this.frames.find((one) => one.type === type && (stream === undefined || one.stream === stream)),
    )
  }

  async ended(): Promise<void> {
    await until('the proxy to close', () => this.peer.ending !== undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.peer[Symbol.asyncDispose]()
  }
}
