import { defineProvider } from '../src/discovery/provider.ts'
import { watchKeyStore } from './parts/key-store.ts'
import { zooKeeperOptions } from './zookeeper/options.ts'

export default defineProvider({
  summary: 'Routing from the nodes of a ZooKeeper ensemble, in the form of keys.',
  tagged: false,
  options: zooKeeperOptions,
  async *create(options, tools) {
    const { zooKeeperStore } = await import('./zookeeper/store.ts')
    yield* watchKeyStore(zooKeeperStore(options, tools), tools)
  },
})
