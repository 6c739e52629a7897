import { setImmediate as nextTurn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { AskedPages } from './asked-pages.ts'
import { compactDelta } from './compact-delta.ts'
import { DataPlaneThread } from './data-plane-thread.ts'
import { SharedSlots } from './shared-slots.ts'
import type { FromWorker, ToWorker, WorkerData } from './worker-messages.ts'

/** The first file of a worker thread: messages in, calls of the data plane, messages out. */
const port = parentPort!
const send = (message: FromWorker): void => port.postMessage(message)
const { settings, slots, slot } = workerData as WorkerData
const pages = new AskedPages((id) => send({ type: 'page', id }))
const thread = new DataPlaneThread(settings, new SharedSlots(slots).slot(slot), {
  drained: (service, endpoint, version) => send({ type: 'drained', service, endpoint, version }),
  outcomes: (reports) => send({ type: 'outcomes', reports }),
  accessLog: (lines) => send({ type: 'accessLog', lines }),
  failed: (where, message) => send({ type: 'failed', where, message }),
  meters: (news) => send({ type: 'meters', news }),
  metricsPage: () => pages.ask(),
})

/** What a plug-in throws when nobody listens must not end the thread, and with it what others have under way. */
function survive(error: unknown): void {
  if (!thread.strayError(error)) throw error
}
process.on('uncaughtException', survive)
process.on('unhandledRejection', survive)

/** Plans are taken over one after the other: none must overtake the one before. */
let last: Promise<void> = Promise.resolve()
port.on('message', (message: ToWorker) => {
  if (message.type === 'connection') thread.accept(message.entryPoint, message.socket)
  else if (message.type === 'announceStop') thread.announceStop()
  else if (message.type === 'page') pages.answered(message.id, message.text)
  else if (message.type === 'watch') thread.watch(message.endpoints)
  else if (message.type === 'inFlight') send({ type: 'done', id: message.id, inFlight: thread.inFlight() })
  // At once: the socket accepts from the moment of its arrival.
  else if (message.type === 'listen')
    void answer(message.id, thread.listen(message.entryPoint, message.server))
  else if (message.type === 'stop') void answer(message.id, thread.stop(message.idleFor))
  else last = last.then(() => answer(message.id, apply(message)))
})

/**
 * The next slice is sent when this one is answered. Messages that come quickly are all handled in one turn of the
 * event loop, so the answer waits for the turn in which connections had theirs.
 */
async function apply({ delta, whole }: Extract<ToWorker, { type: 'apply' }>): Promise<void> {
  await thread.apply(compactDelta(delta), whole)
  await nextTurn()
}

async function answer(id: number, done: Promise<void>): Promise<void> {
  try {
    await done
    send({ type: 'done', id })
  } catch (error) {
    send({ type: 'done', id, error: error instanceof Error ? error.message : String(error) })
  }
}
