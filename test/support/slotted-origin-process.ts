import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/**
 * A service of a known capacity in a process of its own: so many requests at a time, each for so many milliseconds.
 * It reads GET requests by their last four bytes alone, since what it costs must not be what is measured.
 */
const slots = Number(process.argv[2])
const work = Number(process.argv[3])
const END = '\r\n\r\n'
const waiting: { readonly socket: Socket; readonly id: string }[] = []
let busy = 0

const server = createServer({ noDelay: true }, (socket) => {
  let pending = ''
  socket.setEncoding('latin1').on('error', () => socket.destroy())
  socket.on('data', (text: string) => {
    pending += text
    for (let end = pending.indexOf(END); end >= 0; end = pending.indexOf(END)) {
      const id = /^request-id: *(.*)$/im.exec(pending.slice(0, end))?.[1]?.trim() ?? ''
      pending = pending.slice(end + END.length)
      waiting.push({ socket, id })
    }
    next()
  })
})

/** Like a thread pool, it works on whatever was asked, whether somebody still waits for it or not. */
function next(): void {
  while (busy < slots) {
    const asked = waiting.shift()
    if (!asked) return
    busy++
    setTimeout(() => {
      busy--
      const { socket, id } = asked
      if (socket.writable)
        socket.write(`HTTP/1.1 200 OK\r\nRequest-Id: ${id}\r\nContent-Length: 4\r\n\r\ndone`)
      next()
    }, work)
  }
}

server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
await once(server, 'listening')
writeSync(1, `port ${(server.address() as AddressInfo).port}\n`)
