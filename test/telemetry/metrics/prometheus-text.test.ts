import assert from 'node:assert/strict'
import { test } from 'node:test'
import { histogramSample } from '../../../src/telemetry/metrics/family.ts'
import type { Family } from '../../../src/telemetry/metrics/family.ts'
import { prometheusText } from '../../../src/telemetry/metrics/prometheus-text.ts'

const rows: [string, Family, string][] = [
  [
    'a number without labels',
    { name: 'waiting_requests', samples: [{ labels: [], value: 3 }] },
    'tidegate_waiting_requests 3',
  ],
  [
    'labels, with what must be escaped in them',
    { name: 'service_server_up', samples: [{ labels: ['a\\b', 'x"y\nz'], value: 1 }] },
    'tidegate_service_server_up{service="a\\\\b",url="x\\"y\\nz"} 1',
  ],
  [
    'further labels behind the others',
    { name: 'answers_total', moreLabels: ['team'], samples: [{ labels: ['NR', 'web'], value: 2 }] },
    'tidegate_answers_total{why="NR",team="web"} 2',
  ],
  [
    'a histogram, whose buckets add up',
    {
      name: 'worker_event_loop_delay_seconds',
      samples: [histogramSample(['0'], [0.1, 1], [2, 3, 4], 7.5)],
    },
    [
      'tidegate_worker_event_loop_delay_seconds_bucket{worker="0",le="0.1"} 2',
      'tidegate_worker_event_loop_delay_seconds_bucket{worker="0",le="1"} 5',
      'tidegate_worker_event_loop_delay_seconds_bucket{worker="0",le="+Inf"} 9',
      'tidegate_worker_event_loop_delay_seconds_sum{worker="0"} 7.5',
      'tidegate_worker_event_loop_delay_seconds_count{worker="0"} 9',
    ].join('\n'),
  ],
  [
    'a name that all programs share',
    { name: 'process_open_fds', samples: [{ labels: [], value: Number.POSITIVE_INFINITY }] },
    'process_open_fds +Inf',
  ],
]
for (const [what, family, expected] of rows) {
  test(`text for Prometheus: ${what}`, () => {
    const [help, type, ...lines] = prometheusText([family], 'tidegate').trimEnd().split('\n')
    assert.match(help!, /^# HELP \w+ \S/)
    assert.match(type!, /^# TYPE \w+ (?:counter|gauge|histogram)$/)
    assert.equal(lines.join('\n'), expected)
  })
}

test('text for Prometheus: a metric without samples is left out', () => {
  assert.equal(prometheusText([{ name: 'answers_total', samples: [] }], 'tidegate'), '')
})
