import provider from '../../providers/ecs.ts'
import type { ProviderTools } from '../../src/discovery/provider.ts'
import { WatchedProvider } from './watched-provider.ts'

/** The keys with which tests sign; what answers does not check them. */
export const KEYS = { accessKeyID: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI-not-a-secret' }

/** Runs the ECS provider against a server; it reads when `refresh` asks for it, and every minute. */
export function watchEcs(
  { url }: { readonly url: string },
  options: object = {},
  tools: Partial<ProviderTools> = {},
): WatchedProvider {
  const access = { region: 'eu-west-1', endpoint: url, ...KEYS }
  return new WatchedProvider(provider, { refreshSeconds: '60s', ...access, ...options }, tools)
}
