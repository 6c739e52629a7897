import { connect } from 'node:net'
import type { ProbeResult, ProbeTarget, TcpQuestion } from './check.ts'
import { describeError } from './describe-error.ts'

/** Connects, sends what is to be sent and compares the begin of the answer. The signal ends it. Never rejects. */
export function probeTcp(
  target: ProbeTarget,
  question: TcpQuestion,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { send, port = target.port } = question
  const expect = Buffer.from(question.expect)
  return new Promise((resolve) => {
    const socket = connect({ host: target.address, port, signal })
    let answer = Buffer.alloc(0)
    const settle = (passed: boolean, found: string): void => {
      socket.destroy()
      resolve({ passed, found })
    }
    socket.once('connect', () => {
      if (send !== '') socket.write(send)
      if (expect.length === 0) settle(true, 'probe connected')
    })
    socket.on('data', (bytes: Buffer) => {
      // Never more than what is compared, however much is sent.
      answer = Buffer.concat([answer, bytes.subarray(0, expect.length - answer.length)])
      if (!expect.subarray(0, answer.length).equals(answer))
        settle(false, 'probe was answered something else')
      else if (answer.length === expect.length) settle(true, 'probe was answered as expected')
    })
    socket.once('end', () => settle(false, 'probe was not answered in full'))
    socket.once('error', (error) => settle(false, describeError(error)))
  })
}
