import type { Page } from './page.ts'
import { EXPLAIN_COMPONENTS } from './pages/explain.ts'
import { object, text } from './schema.ts'

/** The OpenAPI document of these pages: each declares itself what it answers. */
export function openApiOf(pages: readonly Page[], version: string): object {
  const paths = new Map<string, Record<string, object>>()
  for (const page of pages) {
    const path = paths.get(page.path) ?? {}
    path[page.method.toLowerCase()] = operationOf(page)
    paths.set(page.path, path)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidegate admin API',
      version,
      description:
        'What a running Tidegate says of itself, and what it may be told. Paths and members that Traefik has mean the same.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries(paths),
    components: {
      schemas: { ...EXPLAIN_COMPONENTS, Complaint: COMPLAINT },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token of `api.token`.' },
      },
    },
  }
}

function operationOf(page: Page): object {
  const { method, path, summary, parameters = {}, body, answers } = page
  const content = typeof answers === 'string' ? { [answers]: { schema: { type: 'string' } } } : json(answers)
  return {
    summary,
    operationId: `${method.toLowerCase()}${path.replace(/[/-]+\{?(\w)/g, (_, letter: string) => letter.toUpperCase()).replace('}', '')}`,
    ...(method === 'POST' ? { security: [{ token: [] }] } : {}),
    parameters: [
      ...(path.endsWith('{name}') ? [NAME] : []),
      ...Object.entries(parameters).map(([name, description]) => ({
        name,
        in: 'query',
        description,
        schema: { type: 'string' },
      })),
    ],
    ...(body ? { requestBody: { required: true, content: json(body) } } : {}),
    responses: {
      200: { description: 'As asked for.', content },
      default: { description: 'Why not.', content: json({ $ref: '#/components/schemas/Complaint' }) },
    },
  }
}

function json(schema: object): object {
  return { 'application/json': { schema } }
}

const NAME = {
  name: 'name',
  in: 'path',
  required: true,
  description: 'The full name, percent-encoded.',
  schema: { type: 'string' },
}

const COMPLAINT = object({
  error: text('What is wrong.'),
  remedy: text('What to do about it.'),
  message: text('The same as `error`, as Traefik has it.'),
})
