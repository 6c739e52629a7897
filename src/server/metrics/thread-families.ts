import type { Family } from '../../telemetry/metrics/family.ts'
import { histogramSample, single } from '../../telemetry/metrics/family.ts'
import type { ThreadStats } from '../data-plane-host.ts'
import { DELAY_BOUNDS } from '../shared-slots.ts'

/** What worker threads have counted in their slots. A thread that takes a dead one's place has its number. */
export function threadFamilies(threads: readonly ThreadStats[]): Family[] {
  const total = (value: (thread: ThreadStats) => number): number =>
    threads.reduce((sum, thread) => sum + value(thread), 0)
  const why = new Map<string, number>()
  for (const thread of threads)
    for (const [code, times] of Object.entries(thread.why)) why.set(code, (why.get(code) ?? 0) + times)
  return [
    single(
      'accepted_connections_total',
      total(({ accepted }) => accepted),
    ),
    single(
      'waiting_requests',
      total(({ waiting }) => waiting),
    ),
    { name: 'answers_total', samples: [...why].map(([code, value]) => ({ labels: [code], value })) },
    single(
      'middleware_failures_total',
      total(({ failures }) => failures),
    ),
    single(
      'mirrored_requests_total',
      total(({ mirrored }) => mirrored),
    ),
    single(
      'mirrored_requests_dropped_total',
      total(({ mirrorsDropped }) => mirrorsDropped),
    ),
    {
      name: 'worker_up',
      samples: threads.map(({ worker }, slot) => ({
        labels: [String(slot)],
        value: worker === undefined ? 0 : 1,
      })),
    },
    {
      name: 'worker_event_loop_delay_seconds',
      samples: threads.map(({ delays }, slot) =>
        histogramSample([String(slot)], DELAY_BOUNDS, delays.counts, delays.sum),
      ),
    },
  ]
}
