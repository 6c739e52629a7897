import { DOMAIN, ENVIRONMENT, SERVICE } from './registry.ts'
import type { Registry } from './registry.ts'

/** Only what the demo has registered itself is served: the agent may know services of others. */
const MARK = 'tidegate-demo'

/**
 * A real Consul agent, which the instances are registered with.
 * @throws Error with a sentence for the user when no agent answers
 */
export async function openConsulRegistry(agent: URL, token: string | undefined): Promise<Registry> {
  const call = caller(agent, token)
  await requireAgent(agent, call)
  const registered = new Set<string>()

  async function deregister(id: string): Promise<void> {
    await call('PUT', `/v1/agent/service/deregister/${MARK}-${id}`)
    registered.delete(id)
  }

  return {
    description: `the Consul agent at ${agent.host}`,
    flags: [
      `--providers.consulCatalog.endpoint.address=${agent.host}`,
      `--providers.consulCatalog.endpoint.scheme=${agent.protocol.slice(0, -1)}`,
      `--providers.consulCatalog.domain=${DOMAIN}`,
      `--providers.consulCatalog.environment=${ENVIRONMENT}`,
      `--providers.consulCatalog.constraints=Tag(\`${MARK}\`)`,
    ],
    env: token === undefined ? {} : { TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT_TOKEN: token },
    async register({ id, port, tag }) {
      registered.add(id)
      const service = {
        ID: `${MARK}-${id}`,
        Name: SERVICE,
        Address: '127.0.0.1',
        Port: port,
        Tags: [tag, MARK],
      }
      await call('PUT', '/v1/agent/service/register', service)
    },
    deregister: ({ id }) => deregister(id),
    async [Symbol.asyncDispose]() {
      for (const id of registered) await deregister(id).catch(() => undefined)
    },
  }
}

type Call = (method: 'GET' | 'PUT', path: string, body?: object) => Promise<string>

function caller(agent: URL, token: string | undefined): Call {
  return async (method, path, body) => {
    const response = await fetch(new URL(path, agent), {
      method,
      headers: token === undefined ? {} : { 'X-Consul-Token': token },
      signal: AbortSignal.timeout(5_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.ok) return text
    throw new Error(`Consul answered ${response.status} to ${method} ${path}: ${text.trim()}`)
  }
}

async function requireAgent(agent: URL, call: Call): Promise<void> {
  try {
    await call('GET', '/v1/status/leader')
  } catch (error) {
    const reason =
      error instanceof Error && error.message.startsWith('Consul answered')
        ? error.message
        : 'nothing answers there'
    throw new Error(
      `no Consul agent at ${agent.host}: ${reason}; start one with \`consul agent -dev\`, or name another: npm run demo -- --consul HOST:PORT`,
      { cause: error },
    )
  }
}
