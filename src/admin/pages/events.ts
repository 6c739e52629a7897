import { EVENT_KINDS } from '../event-history.ts'
import type { AdminEvent, EventHistory } from '../event-history.ts'
import { complaint } from '../page.ts'
import type { Asked, Page, PageAnswer } from '../page.ts'
import { choice, integer, listOf, object, options, text, time } from '../schema.ts'

/** Milliseconds after which a quiet stream says that it lives: proxies cut what is silent for long. */
const HEARTBEAT = 15_000
/** Streams at a time; each costs memory. */
const MOST_STREAMS = 32

/** What has happened, and what happens next. */
export function eventPages(history: EventHistory): Page[] {
  return [
    {
      method: 'GET',
      path: '/api/events',
      summary:
        'What has happened lately, the oldest first; with `Accept: text/event-stream` what happens next as well, as server-sent events. `Last-Event-ID` goes on where a stream was cut.',
      parameters: {
        kind: `Only events of these kinds, with commas between: ${EVENT_KINDS.join(', ')}.`,
        since: 'Only events behind this id.',
        limit: 'So many of the newest at most.',
      },
      answers: listOf(EVENT),
      answer: (asked) => answer(history, asked),
    },
  ]
}

interface Wanted {
  readonly since: number
  readonly limit: number
  readonly isWanted: (event: AdminEvent) => boolean
}

function answer(history: EventHistory, asked: Asked): PageAnswer {
  const wanted = wantedBy(asked)
  if ('error' in wanted) return complaint(400, wanted.error, wanted.remedy)
  const past = history.after(wanted.since).filter(wanted.isWanted)
  const newest = wanted.limit < past.length ? past.slice(past.length - wanted.limit) : past
  if (!asked.headers.accept?.includes('text/event-stream')) return { status: 200, body: newest }
  if (history.listeners >= MOST_STREAMS)
    return complaint(503, `there are ${MOST_STREAMS} streams already`, 'close one of them, or ask for JSON')
  return {
    status: 200,
    type: 'text/event-stream',
    stream: (send, ended) => {
      send('retry: 2000\n\n')
      if (history.hasForgotten(wanted.since)) send(': some events are forgotten\n\n')
      for (const event of newest) send(written(event))
      history.listen((event) => void (wanted.isWanted(event) && send(written(event))), ended)
      const heartbeat = setInterval(() => send(': \n\n'), HEARTBEAT).unref()
      ended.addEventListener('abort', () => clearInterval(heartbeat), { once: true })
    },
  }
}

function wantedBy({ query, headers }: Asked): Wanted | { readonly error: string; readonly remedy: string } {
  const kinds = (query.get('kind') ?? '').split(',').filter((kind) => kind !== '')
  const unknown = kinds.find((kind) => !(EVENT_KINDS as readonly string[]).includes(kind))
  if (unknown !== undefined)
    return {
      error: `there is no kind of events \`${unknown}\``,
      remedy: `there are ${EVENT_KINDS.join(', ')}`,
    }
  const since = query.get('since') ?? String(headers['last-event-id'] ?? '0')
  const limit = query.get('limit') ?? '1000000'
  if (![since, limit].every((number) => /^\d{1,16}$/.test(number)))
    return { error: '`since` and `limit` are whole numbers', remedy: 'take the `id` of an event' }
  return {
    since: Number(since),
    limit: Number(limit),
    isWanted: ({ kind }) => kinds.length === 0 || kinds.includes(kind),
  }
}

/** As the HTML standard §9.2.6 has it; JSON holds no line breaks. */
function written(event: AdminEvent): string {
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`
}

const EVENT = object({
  id: integer('Grows with every event, over restarts too.'),
  time: time('When it happened.'),
  kind: choice('What it is about.', ...EVENT_KINDS),
  message: text('In one sentence.'),
  about: options('Names: service, endpoint, router, provider, code …'),
})
