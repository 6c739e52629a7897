import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { PasswordQuestion } from './password-thread.ts'

/** Requests that may wait for their turn. At 60 ms for each (bcrypt, cost 10) more could not be served in time. */
const QUEUE_LIMIT = 256
/** How long a request may wait for its answer, in milliseconds, the hashing itself included. */
const PATIENCE = 5_000
/** How often a question is put to a new thread after the one that had it died. */
const RESTARTS = 1

export interface PasswordVerifierOptions {
  /** Questions that may wait; one more is answered `undefined` at once. Default 256. */
  readonly queueLimit?: number
  /** Milliseconds until a question is answered `undefined`. Default 5000. */
  readonly patience?: number
  /** Told of what the thread died of. */
  readonly onFailure?: (error: Error) => void
  /** The thread's module. For tests. */
  readonly thread?: URL
}

interface Question extends PasswordQuestion {
  /** Undefined once it has been answered. */
  resolve: ((answer: boolean | undefined) => void) | undefined
  timer: NodeJS.Timeout | undefined
  restarts: number
}

/**
 * Checks passwords on one thread of its own, since a single bcrypt hash takes as long as a thousand requests. The
 * thread starts with the first question, never keeps the process alive, and is replaced when it dies. Questions are
 * put to it one at a time, so that those whose client has lost patience are never computed.
 */
export class PasswordVerifier {
  readonly #queueLimit: number
  readonly #patience: number
  readonly #thread: URL
  readonly #onFailure: ((error: Error) => void) | undefined
  #waiting: Question[] = []
  #current: Question | undefined = undefined
  #worker: Worker | undefined = undefined
  #closed = false

  constructor(options: PasswordVerifierOptions = {}) {
    this.#queueLimit = options.queueLimit ?? QUEUE_LIMIT
    this.#patience = options.patience ?? PATIENCE
    this.#onFailure = options.onFailure
    this.#thread =
      options.thread ?? new URL(`password-thread${extname(import.meta.filename)}`, import.meta.url)
  }

  /**
   * Whether the password is the one that an htpasswd hash (bcrypt, apr1, SHA-1) was made of; undefined when it could
   * not be found out in time: too many wait, or the thread fails. Never rejects.
   */
  verify(password: string, hash: string): Promise<boolean | undefined> {
    if (this.#closed || this.#waiting.length >= this.#queueLimit) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const question: Question = { password, hash, resolve, timer: undefined, restarts: 0 }
      question.timer = setTimeout(() => this.#giveUp(question), this.#patience).unref()
      this.#waiting.push(question)
      this.#next()
    })
  }

  /** Ends the thread; questions that still wait are answered `undefined`. */
  async close(): Promise<void> {
    this.#closed = true
    for (const question of this.#waiting) settle(question, undefined)
    this.#waiting = []
    if (this.#current) settle(this.#current, undefined)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #next(): void {
    if (this.#current || this.#closed) return
    const question = this.#waiting.shift()
    if (!question) return
    this.#current = question
    this.#worker ??= this.#start()
    this.#worker.postMessage({ password: question.password, hash: question.hash } satisfies PasswordQuestion)
  }

  #start(): Worker {
    // Nothing is inherited: the process's flags and environment are none of its business, and some would stop it.
    const worker = new Worker(this.#thread, {
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 32 },
    })
    worker.on('message', (answer: boolean) => this.#answered(answer))
    // An error is followed by the exit, which is dealt with below; without a listener it would end the process.
    worker.on('error', (error: Error) => this.#onFailure?.(error))
    worker.on('exit', () => this.#exited(worker))
    worker.unref()
    return worker
  }

  #answered(answer: boolean): void {
    if (this.#current) settle(this.#current, answer)
    this.#current = undefined
    this.#next()
  }

  #exited(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const question = this.#current
    this.#current = undefined
    if (question?.resolve) {
      if (question.restarts++ < RESTARTS) this.#waiting.unshift(question)
      else settle(question, undefined)
    }
    this.#next()
  }

  /** One that is being computed stays `#current` until the thread is free again. */
  #giveUp(question: Question): void {
    settle(question, undefined)
    this.#waiting = this.#waiting.filter((one) => one !== question)
  }
}

function settle(question: Question, answer: boolean | undefined): void {
  clearTimeout(question.timer)
  question.resolve?.(answer)
  question.resolve = undefined
}
