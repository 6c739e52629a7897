import { ALL, MANY_SERVICES } from '../contestants.ts'
import { startProxy } from '../proxies/running-proxy.ts'
import type { Trial } from '../trial.ts'

const START_UP = 'start-up'
const CONTESTANTS = [...ALL, MANY_SERVICES]

/** From the start of the process to the first request that was answered through a router. */
export const startUp: Trial = {
  name: START_UP,
  about: `${START_UP}: from the start of the process to the first routed request`,
  usual: true,
  duration: ({ rounds }, taking) => rounds * (taking * 2 + 6),
  async run(bench) {
    const contestants = CONTESTANTS.filter((contestant) => bench.takesPart(contestant))
    for (let round = 0; round < bench.effort.rounds; round++) {
      bench.say(`${START_UP}: round ${round + 1} of ${bench.effort.rounds}`)
      for (const contestant of contestants) {
        await using proxy = await startProxy(contestant, bench.surroundings)
        bench.figures.add(START_UP, contestant.name, { firstRequest: proxy.startedIn })
      }
    }
  },
}
