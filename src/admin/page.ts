import type { IncomingHttpHeaders } from 'node:http'
import type { Schema } from './schema.ts'

/** One thing that the admin API answers. */
export interface Page {
  /** What is not `GET` changes something, and wants the token. */
  readonly method: 'GET' | 'POST'
  /** `{name}` at its end stands for a name. */
  readonly path: string
  /** One sentence for the OpenAPI document. */
  readonly summary: string
  /** Parameters of the query: what each means. */
  readonly parameters?: Readonly<Record<string, string>>
  /** What a `POST` sends. */
  readonly body?: Schema
  /** What is answered with 200: JSON of this form; or text of this type. */
  readonly answers: Schema | string
  /** Answers everybody who reaches it, under whatever name: for load balancers, which hold no token. */
  readonly open?: true
  readonly answer: (asked: Asked) => PageAnswer | Promise<PageAnswer>
}

export interface Asked {
  /** What stands for `{name}`, decoded; empty where there is none. */
  readonly name: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** What was sent, read as JSON; undefined for `GET`. */
  readonly body: unknown
}

export type PageAnswer = JsonAnswer | TextAnswer | StreamAnswer

interface AnswerHead {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface JsonAnswer extends AnswerHead {
  /** Sent as JSON. */
  readonly body: unknown
  /** Set when something was changed: what the log says of it. */
  readonly log?: Readonly<Record<string, unknown>>
}

export interface TextAnswer extends AnswerHead {
  readonly text: string
  /** As in `Content-Type`. */
  readonly type: string
}

/** An answer that goes on. */
export interface StreamAnswer extends AnswerHead {
  readonly type: string
  /** Called once the head has left. `send` gives false when the client has gone or takes too little; `ended` fires then. */
  readonly stream: (send: (text: string) => boolean, ended: AbortSignal) => void
}

/** A page of plain text, such as metrics, that is made anew each time. */
export function textPage(page: {
  readonly path: string
  readonly summary: string
  /** As in `Content-Type`. */
  readonly type: string
  readonly open?: true
  readonly render: () => { readonly status?: number; readonly text: string }
}): Page {
  const { path, summary, type, open, render } = page
  return {
    method: 'GET',
    path,
    summary,
    answers: type,
    ...(open ? { open } : {}),
    answer: () => {
      const { status = 200, text } = render()
      return { status, text, type }
    },
  }
}

/** What is wrong and what to do about it; `message` is for tools that know Traefik's answers. */
export function complaint(status: number, error: string, remedy: string): JsonAnswer {
  return { status, body: { error, remedy, message: error } }
}
