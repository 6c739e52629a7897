import { writeSync } from 'node:fs'
import { Ledger } from './ledger.ts'
import { startOrigin } from './origins.ts'

/** Tells each request to the parent at once: what was written to the pipe outlives even SIGKILL. */
class ReportingLedger extends Ledger {
  override record(method: string, id: string): void {
    writeSync(1, `did ${method} ${id}\n`)
  }
}

const origin = await startOrigin({ name: process.argv[2] ?? 'origin', ledger: new ReportingLedger() })
process.once('SIGTERM', () => void origin.stop())
writeSync(1, `port ${origin.port}\n`)
