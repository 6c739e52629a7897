import type { Fields, OptionsOf } from './fields.ts'
import { stickyOptions } from './sticky.ts'

/** Kinds of services that lead to other services. From files, stores and HTTP; never from a service's tags. */
export const COMPOSITE_KINDS = ['weighted', 'highestRandomWeight', 'mirroring', 'failover'] as const

const healthCheck = (field: Fields) =>
  field
    .section('Kept for compatibility: whether a service can be used is known to its parents in any case.', {})
    .optional()

const name = (field: Fields) => field.string('The service: `name` or `name@provider`.')

const shares = (field: Fields) =>
  field.list(
    'The services that share the requests. One that has no endpoint that may be used is passed over.',
    field.section('One of them.', {
      name: name(field),
      weight: field.integer('Its share; 0 takes it out.', { min: 0, max: 1_000_000 }).default(1),
    }),
  )

export const weightedOptions = (field: Fields) => ({
  services: shares(field),
  sticky: field
    .section(
      'Sends the requests of a session to one service, for as long as that can answer.',
      stickyOptions(field),
    )
    .optional(),
  healthCheck: healthCheck(field),
})
export type WeightedConfig = OptionsOf<ReturnType<typeof weightedOptions>>

export const highestRandomWeightOptions = (field: Fields) => ({
  services: shares(field),
  healthCheck: healthCheck(field),
})

export const mirroringOptions = (field: Fields) => ({
  service: field.string('The service that answers: `name` or `name@provider`.'),
  mirrorBody: field.boolean('Mirrors get the body of the request, too.').default(true),
  maxBodySize: field
    .bytes(
      'Requests with a larger body are not mirrored; -1: any size, as far as the memory for mirrors goes (32 MiB for each worker).',
      { min: -1 },
    )
    .default(-1),
  mirrors: field
    .list(
      'Who gets copies of requests. They never delay or change the answer, and theirs are thrown away.',
      field.section('One of them.', {
        name: name(field),
        percent: field.integer('Of the requests.', { min: 0, max: 100 }).default(0),
      }),
    )
    .default([]),
  healthCheck: healthCheck(field),
})
export type MirroringConfig = OptionsOf<ReturnType<typeof mirroringOptions>>

export const failoverOptions = (field: Fields) => ({
  service: field.string('The service that answers as long as it can: `name` or `name@provider`.'),
  fallback: field.string('The one that answers when it cannot: `name` or `name@provider`.'),
  healthCheck: healthCheck(field),
  errors: field
    .section('Answers of the service that are not passed on: the fallback is asked instead.', {
      status: field
        .list('Which answers.', field.string('A status such as `503`, or a range such as `500-599`.'))
        .default([]),
      maxRequestBodyBytes: field
        .bytes(
          'Requests with a larger body are answered 413, since they could not be sent twice; -1: they are passed on, and larger than 4 MiB are not sent twice.',
          { min: -1 },
        )
        .default(-1),
    })
    .optional(),
})
export type FailoverConfig = OptionsOf<ReturnType<typeof failoverOptions>>
