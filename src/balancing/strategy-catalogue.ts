import { pluginNames } from '../discover.ts'

/** Names of all strategies. Only workers load them, each those that its plan names. */
export async function strategyNames(): Promise<Set<string>> {
  return new Set(await pluginNames(new URL('./strategies/', import.meta.url)))
}
