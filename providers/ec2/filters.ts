import { ConfigurationError } from '../../src/config/problem.ts'
import type { MachineFilter } from '../aws/machines.ts'

export interface Selection {
  readonly filters: readonly string[]
  readonly vpcs: readonly string[]
  readonly subnets: readonly string[]
  readonly zones: readonly string[]
}

/**
 * The selection in the form of EC2, in which each name has all its values.
 * @throws ConfigurationError when a filter is not of the form `name=value`
 */
export function filtersOf({ filters, vpcs, subnets, zones }: Selection, source: string): MachineFilter[] {
  const pairs = [
    ...filters.map((text) => parse(text, source)),
    ...vpcs.map((value) => ['vpc-id', value] as const),
    ...subnets.map((value) => ['subnet-id', value] as const),
    ...zones.map((value) => ['availability-zone', value] as const),
  ]
  return [...Map.groupBy(pairs, ([name]) => name)].map(([name, group]) => ({
    name,
    values: group.map(([, value]) => value),
  }))
}

function parse(text: string, source: string): readonly [name: string, value: string] {
  const split = text.indexOf('=')
  if (split > 0) return [text.slice(0, split).trim(), text.slice(split + 1).trim()]
  throw new ConfigurationError([
    {
      code: 'E102',
      severity: 'error',
      message: `the filter \`${text}\` has no value`,
      remedy: 'write it as `name=value`, such as `tag:team=shop`',
      origin: { source, key: 'filters' },
    },
  ])
}
