import { explain } from '../../explain/explain.ts'
import { complaint } from '../page.ts'
import type { Page, PageAnswer } from '../page.ts'
import { choice, flag, integer, listOf, number, object, options, text } from '../schema.ts'
import type { Schema } from '../schema.ts'
import type { AdminView } from '../view.ts'

/** Why a request goes where it goes. */
export function explainPages(view: AdminView): Page[] {
  return [
    {
      method: 'GET',
      path: '/api/explain',
      summary:
        'What becomes of a request, and why: which router takes it, which came near, its middlewares, and each endpoint with its state.',
      parameters: {
        url: 'Required: `https://host/path`.',
        method: 'Default: `GET`.',
        header: '`Name: value`; may be given several times.',
        clientIp: 'Address of the client; default: 127.0.0.1.',
        entryPoint: 'Default: the one that listens on the port of the URL, or the likeliest.',
      },
      answers: EXPLANATION,
      answer: ({ query }) => answer(view, query),
    },
  ]
}

function answer(view: AdminView, query: URLSearchParams): PageAnswer {
  const url = query.get('url') ?? ''
  if (url === '')
    return complaint(400, '`url` is missing', 'ask, for example, /api/explain?url=https://host/path')
  const headers = query.getAll('header').map((line) => {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/s.exec(line) ?? []
    return [name.trim(), value.trim()] as const
  })
  if (headers.some(([name]) => name === ''))
    return complaint(400, '`header` is no header', 'write it as `Name: value`')
  const asked = {
    url,
    headers,
    method: query.get('method') ?? undefined,
    clientAddress: query.get('clientIp') ?? undefined,
    entryPoint: query.get('entryPoint') ?? undefined,
  }
  const { routing, endpoints, problems, context, precedence, config } = view
  const { entryPoints } = config
  const explained = explain(asked, { routing, endpoints, problems, context, precedence, entryPoints })
  return 'error' in explained
    ? complaint(400, explained.error, explained.remedy)
    : { status: 200, body: explained }
}

const ROUTER = {
  name: text('`name@provider`.'),
  rule: text('As written.'),
  priority: integer('Higher is tried first.'),
  service: text('`name@provider`.'),
  why: text('Why it takes the request, or does not.'),
}

const SERVICE: Schema = object({
  name: text('`name@provider`.'),
  kind: text('Such as `loadBalancer`.'),
  says: text('How it comes to an answer.'),
  canAnswer: flag('Whether anything of it can answer now.'),
  'panic?': flag('No endpoint is ready, and so all that do not drain are tried.'),
  'endpoints?': listOf(
    object({
      key: text('Unique in its service.'),
      url: text('Where requests go.'),
      'instance?': text('Its instance.'),
      state: text('Its state.'),
      reason: text('Why it is in this state.'),
      weight: number('Its share.'),
      eligible: flag('Whether the request may be sent to it now.'),
      why: text('Why, or why not.'),
    }),
  ),
  'services?': listOf(
    object({
      part: text('Which part of the requests it has.'),
      service: { $ref: '#/components/schemas/ExplainedService' },
    }),
  ),
})

const EXPLANATION: Schema = object({
  verdict: text('What becomes of the request and why, in one sentence.'),
  outcome: choice(
    '`served`: an endpoint answers. `answered`: a middleware does. `unserved`: no endpoint can. `unrouted`: no router takes it.',
    'served',
    'answered',
    'unserved',
    'unrouted',
  ),
  request: object({
    method: text('As given.'),
    scheme: choice('By the URL.', 'http', 'https'),
    host: text('As rules see it.'),
    path: text('In normal form.'),
    query: text('With its question mark.'),
    clientAddress: text('Of the client.'),
  }),
  entryPoint: text('Where it comes in.'),
  'router?': object({
    ...ROUTER,
    priorityIs: choice('Where the priority is from.', 'set', 'the length of the rule'),
  }),
  losers: listOf(
    object({
      ...ROUTER,
      cause: choice(
        '`shadowed`: its rule matches, but another comes first. `rule`: a matcher fails. `entryPoint`, `tls`: it listens elsewhere.',
        'shadowed',
        'rule',
        'entryPoint',
        'tls',
      ),
    }),
  ),
  otherRouters: integer('Routers that have nothing to do with it.'),
  middlewares: listOf(
    object({
      name: text('`name@provider`.'),
      type: text('Such as `addPrefix`.'),
      effect: text('What it does in general.'),
      options: options('Those that differ from the defaults, secrets masked.'),
      'here?': text('What it does to this request.'),
      'answers?': flag('It answers the request itself.'),
    }),
  ),
  'service?': { $ref: '#/components/schemas/ExplainedService' },
  notes: listOf(text('What else is worth knowing.')),
})

/** Schemas that others refer to by name. */
export const EXPLAIN_COMPONENTS: Readonly<Record<string, Schema>> = { ExplainedService: SERVICE }
