import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { test } from 'node:test'
import provider from '../../../providers/redis.ts'
import { WatchedProvider } from '../watched-provider.ts'

test('without the optional package, what to install is said', async (t) => {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== '@redis/client') return next(specifier, context)
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    },
  })
  t.after(() => hooks.deregister())
  await using watched = new WatchedProvider(provider, {})
  await watched.until('the failure', ({ failure }) => failure !== undefined)
  const { message, remedy } = watched.view().failure!
  assert.match(message, /optional package @redis\/client.*ERR_MODULE_NOT_FOUND/)
  assert.match(remedy!, /npm install @redis\/client/)
})
