import { parseArgs } from 'node:util'
import { peerBinary } from './binaries.ts'
import type { PeerName } from './catalogue.ts'
import { PEERS } from './catalogue.ts'

/** `node test/peers/fetch.ts consul nginx …` fetches what is missing and prints where each program is. */
const { positionals } = parseArgs({ allowPositionals: true })
const unknown = positionals.filter((name) => !isPeer(name))

if (positionals.length === 0 || unknown.length > 0) {
  const complaint = unknown.length === 0 ? '' : `no such peer: ${unknown.join(', ')}\n`
  process.stderr.write(`${complaint}usage: node test/peers/fetch.ts ${Object.keys(PEERS).join('|')} …\n`)
  process.exitCode = 1
}
for (const name of unknown.length === 0 ? positionals.filter(isPeer) : []) {
  try {
    process.stdout.write(`${name}: ${await peerBinary(name)}\n`)
  } catch (error) {
    process.stderr.write(`peers: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

function isPeer(name: string): name is PeerName {
  return Object.hasOwn(PEERS, name)
}
