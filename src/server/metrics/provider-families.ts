import type { ProviderState } from '../../discovery/source-state.ts'
import type { MetricName } from '../../telemetry/metrics/catalogue.ts'
import type { Family, Sample } from '../../telemetry/metrics/family.ts'

const VALUES: readonly (readonly [MetricName, (state: ProviderState) => number | undefined])[] = [
  ['provider_up', ({ state }) => (state === 'ok' ? 1 : 0)],
  ['provider_reads_total', ({ reads }) => reads],
  ['provider_errors_total', ({ errors }) => errors],
  ['provider_age_seconds', ({ age }) => seconds(age)],
  ['provider_last_success', ({ lastSuccess }) => seconds(lastSuccess)],
  ['provider_read_duration_seconds', ({ lastReadTook }) => seconds(lastReadTook)],
  ['provider_instances', ({ instances }) => instances],
  ['provider_unproven_instances', ({ unproven }) => unproven],
  ['provider_held_back_instances', ({ heldBack }) => heldBack],
  ['provider_held_back_total', ({ heldBackTotal }) => heldBackTotal],
]

/** How providers are; what is not known of one is left out. */
export function providerFamilies(states: readonly ProviderState[]): Family[] {
  return VALUES.map(([name, valueOf]) => ({
    name,
    samples: states.flatMap((state): Sample[] => {
      const value = valueOf(state)
      return value === undefined ? [] : [{ labels: [state.name], value }]
    }),
  }))
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1_000
}
