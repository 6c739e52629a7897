import net from 'node:net'
import type { TLSSocket } from 'node:tls'

/** Who listens to a wire. Swapped when a connection changes its protocol (an upgrade). */
export interface WireHandler {
  /**
   * Bytes have come. They are borrowed: the buffer is used again after the call, so whatever is kept, or written
   * to another socket, must be copied first.
   */
  onBytes(bytes: Buffer): void
  /** The peer will send nothing more. */
  onEnd(): void
  /** Everything that was written has left; only called after a `write` that returned false. */
  onDrain(): void
  /** Both directions are closed. Called exactly once, also after `destroy`. */
  onClose(error: Error | undefined): void
}

/**
 * One buffer for all reads of a thread: what is read is handled before the next read, so connections can share it.
 * Saves an allocation per read (measured on the prototype: 44 → 37.5 µs per request).
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** Its beginnings of short lengths: made once per length and not per read (12 ns for 30, and no garbage). */
const views: (Buffer | undefined)[] = Array.from({ length: 2_048 })

/**
 * What is kept of a read is copied out of that buffer into chunks, and these come from a pool as long as they are
 * smaller than half of it. Node's own pool of 8 KiB is too small for bodies: an allocation each, and a quarter of the
 * time in the garbage collector at 10 KiB. A larger pool would let a slow client hold on to more than its own bytes.
 */
Buffer.poolSize = 128 * 1024

/**
 * One buffer for all writes of a thread that the kernel takes at once, which is nearly every one: a buffer per write
 * keeps the garbage collector busy (measured with bodies of 10 KiB: 15 % of the time).
 */
let writeBuffer = newWriteBuffer()

function newWriteBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(72 * 1024)
}

/** A byte stream to a peer: a plain or TLS socket with one listener, reading into the shared buffer where it can. */
export class Wire {
  readonly socket: net.Socket
  handler: WireHandler
  #error: Error | undefined = undefined
  #paused = false
  #below: Wire | undefined = undefined

  private constructor(socket: net.Socket, handler: WireHandler) {
    this.socket = socket
    this.handler = handler
    socket.on('end', () => this.handler.onEnd())
    socket.on('drain', () => this.handler.onDrain())
    socket.on('error', (error) => (this.#error = error))
    socket.on('close', () => this.handler.onClose(this.#error))
  }

  /** Opens a connection to an IP address. `connected` runs once it can carry bytes. */
  static connect(host: string, port: number, handler: WireHandler, connected: () => void): Wire {
    let wire: Wire | undefined = undefined
    const socket = net.connect({
      host,
      port,
      noDelay: true,
      allowHalfOpen: true,
      onread: { buffer: readBuffer, callback: (length, buffer) => wire!.#read(length, buffer as Buffer) },
    })
    socket.once('connect', connected)
    wire = new Wire(socket, handler)
    return wire
  }

  /** A TLS socket of either side: `onread` has no effect there, so each chunk is a buffer of its own. `below` carries it. */
  static tls(socket: TLSSocket, handler: WireHandler, below?: Wire): Wire {
    const wire = new Wire(socket, handler)
    wire.#below = below
    socket.on('data', (chunk: Buffer) => wire.handler.onBytes(chunk))
    return wire
  }

  /**
   * Takes over a socket that was accepted with `pauseOnConnect`, by `server` or in another thread. Node offers `onread` only for sockets that
   * connect, so the handle is moved to a socket made with it.
   */
  static accepted(socket: net.Socket, server: net.Server | undefined, handler: WireHandler): Wire {
    let wire: Wire | undefined = undefined
    const moved = moveHandle(socket, server, (length, buffer) => wire!.#read(length, buffer))
    if (!moved) {
      wire = new Wire(socket, handler)
      socket.on('data', (chunk: Buffer) => wire!.handler.onBytes(chunk))
      return wire
    }
    wire = new Wire(moved, handler)
    moved.resume()
    return wire
  }

  /** False: wait for `onDrain` before writing more. Strings are latin1. The bytes are kept until they have left. */
  write(data: Buffer | string): boolean {
    return typeof data === 'string' ? this.socket.write(data, 'latin1') : this.socket.write(data)
  }

  /** Writes text (latin1), bytes and text in one system call. The bytes are copied. */
  writeTogether(before: string, bytes: Buffer, behind: string): boolean {
    const length = before.length + bytes.length + behind.length
    const buffer = length <= writeBuffer.length ? writeBuffer : Buffer.allocUnsafe(length)
    buffer.write(before, 0, 'latin1')
    buffer.set(bytes, before.length)
    if (behind !== '') buffer.write(behind, before.length + bytes.length, 'latin1')
    const room = this.socket.write(buffer.subarray(0, length))
    // Nothing waits in the socket: the kernel has taken the bytes. Else the buffer belongs to the socket from now on.
    if (buffer === writeBuffer && this.socket.writableLength > 0) writeBuffer = newWriteBuffer()
    return room
  }

  /** Bytes written that have not left yet. */
  get backlog(): number {
    return this.socket.writableLength
  }

  /**
   * Bytes that the system has taken so far; what it has not can still be called back. A TLS socket counts them when
   * they are handed to it, so that it is asked of the socket below.
   */
  get sent(): number {
    if (this.#below) return this.#below.sent
    const { _handle: handle } = this.socket as unknown as { _handle: SendingHandle | null }
    return handle ? Number(handle.bytesWritten ?? 0) - (handle.writeQueueSize ?? 0) : 0
  }

  /** The system takes no more for now: the peer does not read. */
  get congested(): boolean {
    const { _handle: handle } = this.socket as unknown as { _handle: SendingHandle | null }
    return (handle?.writeQueueSize ?? 0) > 0
  }

  /** Lets the system ask the peer from now on whether it is still there, first after `idle` milliseconds. */
  probe(idle: number): void {
    this.socket.setKeepAlive(true, idle)
  }

  /**
   * False when the system knows that the peer is gone. Behind the peer's FIN nothing is read any more, so that a
   * reset would go unnoticed; but a connection that was reset has no peer (one system call).
   */
  get connected(): boolean {
    const { _handle: handle } = this.socket as unknown as { _handle: PeeredHandle | null }
    return handle !== null && (handle.getpeername === undefined || handle.getpeername({}) === 0)
  }

  /** It is not read, so that a reset goes unnoticed (libuv watches for reading or for nothing). */
  get deaf(): boolean {
    return this.#paused
  }

  pause(): void {
    this.#paused = true
    this.socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.socket.resume()
  }

  /** Sends what is still to be sent, then closes this direction. */
  end(data?: Buffer | string): void {
    // Node makes an error, with its stack, for every second `end` (measured: 6 % of a connection's cost).
    if (this.socket.writableEnded) return
    if (data === undefined) this.socket.end()
    else if (typeof data === 'string') this.socket.end(data, 'latin1')
    else this.socket.end(data)
  }

  /** Closes both directions as soon as what was written has left. */
  finish(): void {
    if (this.socket.writableLength === 0) {
      this.socket.destroy()
      return
    }
    this.socket.once('finish', () => this.socket.destroy())
    this.socket.end()
  }

  /** Gives the socket away as it was before these bytes were read; the wire goes on telling when it closes. */
  release(unread: Buffer): net.Socket {
    this.pause()
    // Borrowed bytes: copied before they are kept.
    this.socket.unshift(Buffer.from(unread))
    return this.socket
  }

  /** Closes at once. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Closes with a TCP reset, so that the peer cannot take a broken answer for a complete one. */
  reset(): void {
    if (this.socket.destroyed) return
    // TLS alone cannot reset, and an end without its alert is taken for a clean one by many.
    this.#below?.reset()
    if (this.socket instanceof net.Socket && !('encrypted' in this.socket)) resetSocket(this.socket)
    else this.socket.destroy()
  }

  /** True goes on reading. A `pause` within the handler holds the next read back. */
  #read(length: number, buffer: Buffer): boolean {
    this.handler.onBytes(
      length < views.length ? (views[length] ??= buffer.subarray(0, length)) : buffer.subarray(0, length),
    )
    return !this.#paused
  }
}

/**
 * Closes a plain socket with a reset. In the turn in which its end is being sent libuv refuses that, and Node then
 * forgets the handle: its descriptor stays open, `close` never comes, and the process spins for ever when it would end
 * (measured on 26.10). Everything has left by then, so that a plain close tells the peer the same.
 */
export function resetSocket(socket: net.Socket): void {
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished
  if (isEnding) socket.destroy()
  else socket.resetAndDestroy()
}

/** Undocumented, but what Node's own time-outs look at; a TLS socket's handle has no queue of its own. */
interface SendingHandle {
  readonly bytesWritten?: number | bigint
  readonly writeQueueSize?: number
}

interface PeeredHandle {
  /** 0, or the system's error. */
  getpeername?(into: object): number
}

/** The two fields by which `net.Server` counts a socket that is not documented. */
interface ServerSocket {
  _handle: unknown
  server: net.Server
  _server: net.Server
}

/** Undefined when this Node has no such handle: then plain `data` events serve. */
function moveHandle(
  accepted: net.Socket,
  server: net.Server | undefined,
  read: (length: number, buffer: Buffer) => boolean,
): net.Socket | undefined {
  const from = accepted as unknown as ServerSocket
  const handle = from._handle
  if (!handle) return undefined
  from._handle = null
  const options = { handle, allowHalfOpen: true, onread: { buffer: readBuffer, callback: read } }
  const moved = new net.Socket(options as unknown as net.SocketConstructorOpts)
  // Without these `maxConnections` and `server.close()` lose count of the socket (measured).
  if (server) Object.assign(moved as unknown as ServerSocket, { server, _server: server })
  return moved
}
