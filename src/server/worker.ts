import { parentPort, workerData } from 'node:worker_threads'
import { DataPlaneThread } from './data-plane-thread.ts'
import type { FromWorker, ToWorker, WorkerData } from './worker-messages.ts'

/** The first file of a worker thread: messages in, calls of the data plane, messages out. */
const port = parentPort!
const send = (message: FromWorker): void => port.postMessage(message)
const { settings } = workerData as WorkerData
const thread = new DataPlaneThread(settings, {
  drained: (service, endpoint, version) => send({ type: 'drained', service, endpoint, version }),
  accessLog: (lines) => send({ type: 'accessLog', lines }),
  failed: (where, message) => send({ type: 'failed', where, message }),
})

/** Messages are handled one after the other: a plan must not overtake the one before. */
let last: Promise<void> = Promise.resolve()
port.on('message', (message: ToWorker) => {
  if (message.type === 'announceStop') thread.announceStop()
  else if (message.type === 'stats') send({ type: 'done', id: message.id, stats: thread.stats() })
  else last = last.then(() => answer(message))
})

async function answer(message: Exclude<ToWorker, { type: 'announceStop' | 'stats' }>): Promise<void> {
  try {
    if (message.type === 'apply') await thread.apply(message.delta)
    else if (message.type === 'listen') await thread.listen(message.addresses, true)
    else await thread.stop()
    send({ type: 'done', id: message.id })
  } catch (error) {
    send({ type: 'done', id: message.id, error: error instanceof Error ? error.message : String(error) })
  }
}
