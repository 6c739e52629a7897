import { parentPort } from 'node:worker_threads'

// Dies of every question but `survive`.
parentPort!.on('message', ({ password }: { password: string }) => {
  if (password !== 'survive') throw new Error('as it was made to')
  parentPort!.postMessage(true)
})
