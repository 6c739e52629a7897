import type { ProviderState } from '../../discovery/source-state.ts'
import { complaint } from '../page.ts'
import type { Page } from '../page.ts'
import { PROBLEM, problemInfo, problemInfos } from '../problem-view.ts'
import { choice, flag, integer, listOf, number, object, text, time } from '../schema.ts'
import type { AdminView } from '../view.ts'

/** How the sources of services are doing. */
export function providerPages(view: AdminView): Page[] {
  return [
    {
      method: 'GET',
      path: '/api/providers',
      summary: 'How each provider is doing: what it says, how old that is, and what went wrong.',
      answers: listOf(PROVIDER),
      answer: () => ({ status: 200, body: view.providers.map(providerInfo) }),
    },
    {
      method: 'GET',
      path: '/api/providers/{name}',
      summary: 'How one provider is doing.',
      answers: PROVIDER,
      answer: ({ name }) => {
        const found = view.providers.find((one) => one.name === name.toLowerCase())
        if (found) return { status: 200, body: providerInfo(found) }
        const known = view.providers.map((one) => one.name).join(', ')
        return complaint(404, `provider not found: ${name}`, `there is ${known === '' ? 'none' : known}`)
      },
    },
  ]
}

function providerInfo({ lastSuccess, lastError, problems, parts, ...rest }: ProviderState): object {
  return {
    ...rest,
    lastSuccess: dateOf(lastSuccess),
    lastError: lastError && problemInfo(lastError),
    parts: parts.map((part) => ({
      ...part,
      lastSuccess: dateOf(part.lastSuccess),
      lastFailure: dateOf(part.lastFailure),
    })),
    problems: problemInfos(problems),
  }
}

function dateOf(milliseconds: number | undefined): Date | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds)
}

const COUNTS = {
  instances: integer('Served now, those in doubt included.'),
  unproven: integer(
    'Served though their source does not show them, since it has not said that they are gone.',
  ),
  heldBack: integer('Served until a second reading agrees that most of their fellows are gone.'),
}

const TIMES = {
  'lastSuccess?': time('Of the newest sound answer.'),
  'age?': number('Milliseconds since then. A source that is quiet and well grows old, too.'),
}

const PROVIDER = object({
  name: text('As in `name@provider`.'),
  state: choice(
    '`starting`: nothing heard yet. `ok`: the picture is whole. `stale`: something cannot be read, and its last good picture serves. `failing`: there is no picture of anything.',
    'starting',
    'ok',
    'stale',
    'failing',
  ),
  ...TIMES,
  'lastError?': PROBLEM,
  reads: integer('Sound answers so far.'),
  errors: integer('Failures so far, those of parts and those of the whole.'),
  'lastReadTook?': number('Milliseconds that the last reading took, of a provider that says so.'),
  ...COUNTS,
  heldBackTotal: integer('All that were ever held back.'),
  problems: listOf(PROBLEM),
  parts: listOf(
    object({
      part: text('A datacenter, a cluster, a file; empty when the source is one whole.'),
      ...TIMES,
      'staleFor?': number('Milliseconds for which it cannot be read; left out when it can.'),
      'lastFailure?': time('Of the last failure, healed or not.'),
      ...COUNTS,
      restored: flag('It was read from disk, and its source has not answered for it yet.'),
      'error?': text('Why it cannot be read.'),
    }),
  ),
})
