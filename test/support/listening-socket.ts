import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { BoundSocket } from 'node:net'

/** Listens and ends at once, before anything is accepted. */
const LISTEN = "require('node:net').createServer().listen({ fd: 3 }); process.exit(0)"

/** A socket of 127.0.0.1 that listens while nobody accepts, as a service manager holds one. Disposing closes it. */
export async function openListeningSocket(): Promise<
  Disposable & { readonly fd: number; readonly port: number }
> {
  const bound = new BoundSocket({ host: '127.0.0.1', port: 0 })
  const fd = bound.fd()
  // Node listens and accepts in one; this process holds the socket that the other one has made listen.
  const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'ignore', 'inherit', fd] })
  await once(child, 'exit')
  return { fd, port: bound.address().port, [Symbol.dispose]: () => bound.close() }
}
