import { readdirSync, readFileSync } from 'node:fs'
import { single } from '../../telemetry/metrics/family.ts'
import type { Family } from '../../telemetry/metrics/family.ts'

/** When this process began, in seconds since the epoch. */
const STARTED = Math.round(Date.now() - process.uptime() * 1_000) / 1_000

/** What every program says of its process, in the names that all use. */
export function processFamilies(version: string): Family[] {
  const { user, system } = process.cpuUsage()
  return [
    { name: 'build_info', samples: [{ labels: [version, process.version], value: 1 }] },
    single('process_cpu_seconds_total', (user + system) / 1e6),
    single('process_resident_memory_bytes', process.memoryUsage.rss()),
    single('process_start_time_seconds', STARTED),
    ...descriptorFamilies(),
  ]
}

/** Only Linux tells. */
function descriptorFamilies(): Family[] {
  try {
    const open = readdirSync('/proc/self/fd').length
    const [, most = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return [
      single('process_open_fds', open),
      ...(/^\d+$/.test(most) ? [single('process_max_fds', Number(most))] : []),
    ]
  } catch {
    return []
  }
}
