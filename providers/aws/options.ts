import type { Fields, OptionsOf } from '../../src/config/fields.ts'

/** How an account of AWS is reached; the same for every provider that reads one. */
export const accessOptions = (field: Fields) => ({
  region: field
    .string(
      "Region that is read. Default: `AWS_REGION`, else the shared file's, else the one this machine or task is in.",
    )
    .optional(),
  regions: field
    .list('Regions that are read, each by itself. Empty: `region`.', field.string('Such as `eu-west-1`.'))
    .default([]),
  accessKeyID: field
    .string(
      'Access key. Default: what the chain of the SDK finds: variables, shared files, web identity, task or machine role.',
    )
    .optional(),
  secretAccessKey: field.secret('Secret of that access key.').optional(),
  assumeRoleArn: field
    .string('Role that is taken on with those credentials, such as one of another account.')
    .optional(),
  endpoint: field
    .string(
      'URL that is asked in place of those of AWS. For one service only, the SDK reads `AWS_ENDPOINT_URL_ECS`, `AWS_ENDPOINT_URL_EC2` and the like.',
    )
    .optional(),
})
export type AccessOptions = OptionsOf<ReturnType<typeof accessOptions>>

/** When an account is read. */
export const pollOptions = (field: Fields) => ({
  refreshSeconds: field.duration('Time between two readings.', { min: 1_000 }).prefault('15s'),
  watch: field.boolean('Reads again and again; otherwise once, and on SIGHUP.').default(true),
})
