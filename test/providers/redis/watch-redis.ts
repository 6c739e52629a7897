import type { TestContext } from 'node:test'
import { RedisConnection } from '../../../providers/redis/connection.ts'
import provider from '../../../providers/redis.ts'
import { toPlain } from '../../../src/config/source-tree.ts'
import type { RedisServer } from '../../peers/redis.ts'
import type { PartView } from '../watched-provider.ts'
import { WatchedProvider } from '../watched-provider.ts'

/** All that is needed to be told of every change. */
export const TELLING = { 'notify-keyspace-events': 'K$gx' }

export function watch(t: TestContext, options: object): WatchedProvider {
  const watched = new WatchedProvider(provider, options)
  t.after(() => watched[Symbol.asyncDispose]())
  return watched
}

/** A connection by which a test writes, as an operator would. */
export async function writerTo(
  t: TestContext,
  server: RedisServer,
  password?: string,
): Promise<RedisConnection> {
  const { port } = server
  const place = { host: '127.0.0.1', port, username: undefined, password, database: 0, tls: undefined }
  const writer = await RedisConnection.open({ ...place, signal: t.signal })
  t.after(() => writer.close())
  return writer
}

type Routers = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export function routersOf({ routing }: NonNullable<PartView['snapshot']>): Routers {
  const { http } = (routing ? toPlain(routing) : {}) as { http?: { routers?: Routers } }
  return http?.routers ?? {}
}

export function rule(name: string, wanted: string): (view: PartView) => boolean {
  return ({ snapshot }) => snapshot !== undefined && routersOf(snapshot)[name]?.['rule'] === wanted
}

export const RULE_A = 'traefik/http/routers/a/rule'
