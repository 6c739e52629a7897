import { defineStrategy } from '../strategy.ts'
import type { Candidate } from '../strategy.ts'
import { Fnv64 } from './hashes/fnv64.ts'

/** Clients whose endpoint is remembered while the candidates stay the same; then it begins anew. */
const MOST_CLIENTS = 10_000

/**
 * Rendezvous hashing: every endpoint has a score for the client's address, and the highest one serves. Only those
 * clients move whose endpoint goes, or who score highest with a new one. The scores are Traefik's, so that a client
 * keeps its endpoint when one proxy takes the other's place.
 * Measured for a pick: 10 ns for a client that is known; for a new one 0.5 µs among 5, 70 µs among 500.
 */
export default defineStrategy({
  summary: 'By the client’s address, so that a client stays with its endpoint (rendezvous hashing).',
  create() {
    const places = new Map<string, number>()
    let seen: readonly Candidate[] = []
    return {
      pick(candidates, { clientAddress }) {
        if (candidates !== seen || places.size === MOST_CLIENTS) {
          seen = candidates
          places.clear()
        }
        const known = places.get(clientAddress)
        if (known !== undefined) return candidates[known]!
        const place = highest(candidates, clientAddress)
        places.set(clientAddress, place)
        return candidates[place]!
      },
    }
  },
})

const client = new Fnv64()
const both = new Fnv64()

function highest(candidates: readonly Candidate[], clientAddress: string): number {
  client.reset().add(clientAddress)
  let best = 0
  let bestScore = Number.NEGATIVE_INFINITY
  for (let i = 0; i < candidates.length; i++) {
    const { hashName, weight } = candidates[i]!
    const score = weight / -Math.log(both.from(client).add(hashName).fraction)
    if (score > bestScore) {
      best = i
      bestScore = score
    }
  }
  return best
}
