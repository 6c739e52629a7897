import type { Fields, OptionsOf } from './fields.ts'
import type { ListenAddress } from './listen-address.ts'

/** What the running process says of itself, and what it may be told. */
export const apiOptions = (field: Fields) => ({
  address: field
    .string('Where it listens, apart from all entry points; default: `127.0.0.1:8081`.')
    .optional(),
  insecure: field
    .boolean(
      'Lets everybody read who can reach it, and has the entry point `traefik` lead there, which is opened (`:8080`) unless `address` says where the API is. Otherwise only this machine can read, and from elsewhere the token is asked for. Changes want the token in any case.',
    )
    .default(false),
  token: field
    .secret('What allows changes, such as draining an endpoint. Without one, there are none.')
    .optional(),
  tokenFile: field.file('The file that holds the token; read anew each time.').optional(),
  allowedHosts: field
    .list(
      'Host names under which it may be asked, besides `localhost` and IP addresses.',
      field.string('A host name without its port.'),
    )
    .default([]),
  dashboard: field.pending('the dashboard'),
  basePath: field.string('Put in front of its paths, such as `/ops`.').default('/'),
  debug: field.pending('debugging by the admin API'),
  disableDashboardAd: field.boolean('Kept for compatibility: there is none.').optional(),
})
export type ApiOptions = OptionsOf<ReturnType<typeof apiOptions>>

export interface ApiConfig extends Omit<ApiOptions, 'address'> {
  readonly listen: ListenAddress
  /** The internal entry point leads to it, too. */
  readonly onEntryPoint: boolean
  /** In front of all paths: empty, or with a slash at its beginning and none at its end. */
  readonly basePath: string
}

/** Where the API listens when nothing else is said: 8080 is an entry point's, which answers for the workers. */
export function apiAddress({ address }: ApiOptions): string {
  return address ?? '127.0.0.1:8081'
}

/** Whether the entry point of the program itself is opened for the API: as in Traefik, unless it is said where else it is. */
export function wantsEntryPoint({ address, insecure }: ApiOptions): boolean {
  return insecure && address === undefined
}
