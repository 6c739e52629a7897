import { complaint } from './page.ts'
import type { PageAnswer } from './page.ts'
import type { ResourceInfo } from './resources.ts'

/** What a list of resources may be asked for, as in Traefik: what each parameter means. */
export const LIST_PARAMETERS = {
  search: 'Only those whose name, rule, service or type holds this text; letters’ case does not matter.',
  status: 'Only `enabled`, `warning` or `disabled` ones.',
  serviceName: 'Only those that use this service.',
  middlewareName: 'Only those that use this middleware.',
  sortBy:
    'A member such as `name`, `provider`, `status`, `priority`, `rule`, `service`, `type` or `servers`; default: `name`.',
  direction: '`asc`, or `desc`.',
  page: 'Which page, from 1; the answer names the next one in `X-Next-Page`, and 1 when it was the last.',
  per_page: 'Resources on a page; default: 100.',
} as const

/** The page of a list that is asked for: filtered, sorted and cut. */
export function listed(infos: readonly ResourceInfo[], query: URLSearchParams): PageAnswer {
  const page = countIn(query, 'page', 1)
  const perPage = countIn(query, 'per_page', 100)
  const found = infos.filter((info) => isWanted(info, query)).toSorted(orderOf(query))
  const start = (page - 1) * perPage
  if (Number.isNaN(start) || (page > 1 && start >= found.length)) {
    const asked = `page: ${query.get('page') ?? 1}, per_page: ${query.get('per_page') ?? 100}`
    return complaint(400, `invalid request: ${asked}`, `there are ${found.length} in all; count pages from 1`)
  }
  const next = start + perPage < found.length ? page + 1 : 1
  return {
    status: 200,
    body: found.slice(start, start + perPage),
    headers: { 'X-Next-Page': String(next) },
  }
}

/** NaN when it is no number of at least 1. */
function countIn(query: URLSearchParams, name: string, usual: number): number {
  const written = query.get(name)
  if (written === null || written === '') return usual
  return /^[1-9]\d{0,8}$/.test(written) ? Number(written) : Number.NaN
}

function isWanted(info: ResourceInfo, query: URLSearchParams): boolean {
  const search = query.get('search')?.toLowerCase() ?? ''
  const searched = [info.name, info['rule'], info['service'], info['type']].map(textOf)
  if (!searched.some((text) => text.toLowerCase().includes(search))) return false
  const status = query.get('status') ?? ''
  if (status !== '' && info.status !== status.toLowerCase()) return false
  const service = query.get('serviceName') ?? ''
  if (service !== '' && info['service'] !== service) return false
  const middleware = query.get('middlewareName') ?? ''
  return middleware === '' || ((info['middlewares'] as string[] | undefined) ?? []).includes(middleware)
}

function orderOf(query: URLSearchParams): (a: ResourceInfo, b: ResourceInfo) => number {
  const member = query.get('sortBy') ?? 'name'
  const sign = query.get('direction') === 'desc' ? -1 : 1
  return (a, b) => sign * (compare(keyOf(a, member), keyOf(b, member)) || compare(a.name, b.name))
}

function keyOf(info: ResourceInfo, member: string): string | number {
  if (member === 'servers') return Object.keys((info['serverStatus'] as object | undefined) ?? {}).length
  const value = info[member]
  return typeof value === 'number' ? value : Array.isArray(value) ? value.join() : textOf(value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}
