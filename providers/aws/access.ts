import type { Problem } from '../../src/config/problem.ts'
import { ConfigurationError } from '../../src/config/problem.ts'
import type { AccessOptions } from './options.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

/** What every client of the SDK is made with. */
export interface ClientSettings {
  readonly region: string
  readonly endpoint?: string
  /** Undefined: the SDK's own chain. */
  readonly credentials?: Credentials | (() => Promise<Credentials>)
  /** Reads shared files anew when a client is made: of the chain's own option, which clients pass on to it. */
  readonly ignoreCache: true
  /** Calls are repeated by `Caller`, which knows the clock and the other calls. */
  readonly maxAttempts: 1
  readonly requestHandler: {
    readonly connectionTimeout: number
    readonly socketTimeout: number
    readonly httpAgent: { readonly keepAlive: true }
    readonly httpsAgent: { readonly keepAlive: true }
  }
}

const CONNECTS_WITHIN = 3_000
/** Longer than a call may take: `Caller` ends it earlier, on its own clock. */
const SILENT_AT_MOST = 15_000

/**
 * How clients of one region are made.
 * @throws ConfigurationError when only one half of a key pair is given, or the endpoint is no URL
 */
export function clientSettings(options: AccessOptions, region: string, source: string): ClientSettings {
  const { endpoint, assumeRoleArn } = options
  const problems = [...keyProblems(options, source), ...endpointProblems(endpoint, source)]
  if (problems.length > 0) throw new ConfigurationError(problems)
  const settings: ClientSettings = {
    region,
    ignoreCache: true,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECTS_WITHIN,
      socketTimeout: SILENT_AT_MOST,
      httpAgent: { keepAlive: true },
      httpsAgent: { keepAlive: true },
    },
    ...(endpoint ? { endpoint } : {}),
    ...givenKeys(options),
  }
  return assumeRoleArn ? { ...settings, credentials: () => assumeRole(settings, assumeRoleArn) } : settings
}

function givenKeys({ accessKeyID, secretAccessKey }: AccessOptions): Pick<ClientSettings, 'credentials'> {
  if (!accessKeyID || !secretAccessKey) return {}
  return { credentials: { accessKeyId: accessKeyID, secretAccessKey } }
}

/** The SDK asks again shortly before they expire. */
async function assumeRole(settings: ClientSettings, role: string): Promise<Credentials> {
  const { STSClient, AssumeRoleCommand } = await import('@aws-sdk/client-sts')
  const client = new STSClient(settings)
  try {
    const command = new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'tidegate' })
    const { Credentials: given } = await client.send(command)
    return {
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken ?? '',
      ...(given?.Expiration ? { expiration: given.Expiration } : {}),
    }
  } finally {
    client.destroy()
  }
}

function keyProblems({ accessKeyID, secretAccessKey }: AccessOptions, source: string): Problem[] {
  if (Boolean(accessKeyID) === Boolean(secretAccessKey)) return []
  const [given, missing] = accessKeyID
    ? ['accessKeyID', 'secretAccessKey']
    : ['secretAccessKey', 'accessKeyID']
  return [
    {
      code: 'E103',
      severity: 'error',
      message: `${given} is given without ${missing}`,
      remedy: 'give both, or neither: then the chain of the SDK is asked',
      origin: { source, key: missing! },
    },
  ]
}

function endpointProblems(endpoint: string | undefined, source: string): Problem[] {
  if (!endpoint || (URL.canParse(endpoint) && /^https?:\/\//i.test(endpoint))) return []
  return [
    {
      code: 'E102',
      severity: 'error',
      message: 'endpoint is no URL',
      remedy: 'write it with its scheme, such as https://vpce-1234.ecs.eu-west-1.vpce.amazonaws.com',
      origin: { source, key: 'endpoint' },
    },
  ]
}
