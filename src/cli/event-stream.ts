import type { ApiConfig } from '../config/api.ts'
import { adminUrl, tokenOf } from './admin-client.ts'
import type { CliContext } from './context.ts'

/** An event as the admin API sends it. */
export interface StreamedEvent {
  readonly id: number
  readonly time: string
  readonly kind: string
  readonly message: string
}

/** Hears of events until `signal` fires; gives why it ended otherwise. Never rejects. */
export async function followEvents(
  api: ApiConfig,
  query: string,
  context: CliContext,
  signal: AbortSignal,
  heard: (event: StreamedEvent) => void,
): Promise<string | undefined> {
  const url = `${adminUrl(api)}/api/events${query}`
  const token = await tokenOf(api, context)
  try {
    // Only here: `run` loads this file too, and undici costs megabytes.
    const { request } = await import('undici')
    const { statusCode, body } = await request(url, {
      headers: {
        accept: 'text/event-stream',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      bodyTimeout: 60_000,
      signal,
    })
    if (statusCode !== 200) {
      const { error = `it answered ${statusCode}` } = (await body.json().catch(() => ({}))) as {
        error?: string
      }
      return error
    }
    await readStream(body, heard)
    return 'the running process has closed the stream'
  } catch (error) {
    if (signal.aborted) return undefined
    const { code, name } = error as NodeJS.ErrnoException
    return `the admin API at ${adminUrl(api)} could not be heard (${code ?? name})`
  }
}

async function readStream(body: AsyncIterable<Buffer>, heard: (event: StreamedEvent) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const messages = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (data !== undefined) heard(JSON.parse(data) as StreamedEvent)
    }
  }
}
