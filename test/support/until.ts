import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until `condition` gives something truthy, and gives that. For what tells nobody when it has happened.
 * @throws Error with the words `what: not within …` when it has not happened within `limit` milliseconds
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  limit = 10_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + limit
  for (;;) {
    const result = await condition()
    if (result) return result
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limit} ms`)
    await sleep(5)
  }
}
