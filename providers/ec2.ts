import type { Fields, OptionsOf } from '../src/config/fields.ts'
import type { ProviderTools, Update } from '../src/discovery/provider.ts'
import { defineProvider } from '../src/discovery/provider.ts'
import { chainRegion } from './aws/machines.ts'
import { accessOptions, pollOptions } from './aws/options.ts'
import { readRegions } from './aws/read-regions.ts'
import { filtersOf } from './ec2/filters.ts'
import { RegionReader } from './ec2/region.ts'

const options = (field: Fields) => ({
  exposedByDefault: field
    .boolean(
      'Serves machines that do not say `enable`. AWS takes tags with keys of 128 and values of 256 characters; keys that begin with `aws:` are its own.',
    )
    .default(false),
  filters: field
    .list(
      'Which machines are read: filters of `DescribeInstances` as `name=value`, such as `tag:team=shop`. All names must be met; of several values of one name, one.',
      field.string('Such as `tag:team=shop` or `image-id=ami-*`.'),
    )
    .default([]),
  vpcs: field
    .list('Networks (VPCs) whose machines are read; empty: all.', field.string('Such as `vpc-0a1b2c3d`.'))
    .default([]),
  subnets: field
    .list('Subnets whose machines are read; empty: all.', field.string('Such as `subnet-0a1b2c3d`.'))
    .default([]),
  zones: field
    .list('Availability zones whose machines are read; empty: all.', field.string('Such as `eu-west-1a`.'))
    .default([]),
  addressType: field
    .choice('Which address of a machine is used.', ['private', 'public', 'ipv6'])
    .default('private'),
  lifecycleStates: field
    .boolean(
      'Asks Auto Scaling for the life-cycle state of machines in groups: `InService` is served, `Terminating:Wait` and others drain.',
    )
    .default(false),
  ...pollOptions(field),
  ...accessOptions(field),
})

type Ec2Options = OptionsOf<ReturnType<typeof options>>

export default defineProvider({
  summary:
    'Machines of EC2, of Auto Scaling groups mostly, with their tags; `tidegate.port` says where one serves.',
  tagged: true,
  constraints: 'label',
  options,
  create: watchMachines,
})

function watchMachines(options: Ec2Options, tools: ProviderTools): AsyncIterable<Update> {
  const filters = filtersOf(options, tools.name)
  return readRegions(
    options,
    tools,
    chainRegion,
    (region) => new RegionReader({ ...options, ...region, filters }),
  )
}
