import { readinessProblems } from '../explain/readiness.ts'
import type { Logger } from '../telemetry/log.ts'
import type { EventHistory } from './event-history.ts'
import { openApiOf } from './openapi.ts'
import type { Page } from './page.ts'
import { endpointPages } from './pages/endpoints.ts'
import type { EndpointAdmin } from './pages/endpoints.ts'
import { eventPages } from './pages/events.ts'
import { explainPages } from './pages/explain.ts'
import { httpResourcePages } from './pages/http-resources.ts'
import { logLevelPages } from './pages/log-level.ts'
import { overviewPages } from './pages/overview.ts'
import { problemPages } from './pages/problems.ts'
import { providerPages } from './pages/providers.ts'
import type { AdminView } from './view.ts'

export interface ApiParts {
  readonly view: AdminView
  readonly admin: EndpointAdmin
  readonly log: Logger
  readonly history: EventHistory
}

/** All pages of the API, the document that describes them included. */
export function apiPages({ view, admin, log, history }: ApiParts): Page[] {
  const pages = [
    ...overviewPages(view),
    ...httpResourcePages(view),
    ...endpointPages(admin),
    ...providerPages(view),
    ...problemPages(() => [...view.problems, ...readinessProblems(view.routing.services, view.endpoints)]),
    ...eventPages(history),
    ...explainPages(view),
    ...logLevelPages(log),
  ]
  const document: Page = {
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This document.',
    answers: { type: 'object' },
    answer: () => ({ status: 200, body: openApiOf([...pages, document], view.version) }),
  }
  return [...pages, document]
}
