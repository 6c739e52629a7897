import { ConfigurationError } from '../../src/config/problem.ts'
import type { AccessOptions } from './options.ts'

/** What answers where it is; never far away. */
const ANSWERS_WITHIN = 1_000
const METADATA = 'http://169.254.169.254'

/**
 * The regions to be read: those of the options, else the one that the SDK finds in variables and shared files, else
 * the one in which this task or machine runs.
 * @throws ConfigurationError when none is known
 */
export async function regionsOf(
  { region, regions }: AccessOptions,
  fromChain: () => Promise<string>,
  source: string,
): Promise<readonly string[]> {
  const named = [...new Set(regions.map((name) => name.trim()).filter((name) => name !== ''))]
  if (named.length > 0) return named
  if (region) return [region]
  const found =
    (await quietly(fromChain)) ?? (await quietly(regionOfTask)) ?? (await quietly(regionOfMachine))
  if (found) return [found]
  throw new ConfigurationError([
    {
      code: 'E103',
      severity: 'error',
      message:
        'no region is known: neither the options nor AWS_REGION name one, nor do shared files, and no metadata answer',
      remedy: 'set region, such as eu-west-1',
      origin: { source, key: 'region' },
    },
  ])
}

/** The agent of ECS tells a container where its task runs, also where the machine's metadata are out of reach. */
async function regionOfTask(): Promise<string | undefined> {
  const agent = process.env['ECS_CONTAINER_METADATA_URI_V4']
  if (!agent) return undefined
  const response = await fetch(`${agent}/task`, { signal: AbortSignal.timeout(ANSWERS_WITHIN) })
  const { TaskARN: arn } = (await response.json()) as { TaskARN?: string }
  return arn?.split(':')[3]
}

/** IMDSv2: a token first. */
async function regionOfMachine(): Promise<string | undefined> {
  if (process.env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') return undefined
  const base = process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || METADATA
  const tokenHeaders = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' }
  const token = await textOf(`${base}/latest/api/token`, { method: 'PUT', headers: tokenHeaders })
  const headers = { 'x-aws-ec2-metadata-token': token }
  return (await textOf(`${base}/latest/meta-data/placement/region`, { headers })).trim()
}

async function textOf(url: string, init: RequestInit): Promise<string> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWERS_WITHIN) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return await response.text()
}

/** Not to know a region is no error before the last place has been asked. */
async function quietly(ask: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return (await ask()) || undefined
  } catch {
    return undefined
  }
}
