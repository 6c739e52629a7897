/** A service as the agent's API takes it. */
export interface ConsulRegistration {
  readonly id?: string
  readonly name: string
  readonly address?: string
  readonly port?: number
  readonly tags?: readonly string[]
  readonly meta?: Readonly<Record<string, string>>
  readonly weights?: { readonly Passing: number; readonly Warning: number }
  /** Gives it a check that says this until `setCheck` says otherwise; without it the service has no check. */
  readonly check?: CheckStatus
}
export type CheckStatus = 'passing' | 'warning' | 'critical'

/** The calls by which tests change what a Consul agent knows. */
export class ConsulApi {
  readonly address: string
  token: string | undefined

  constructor(address: string, token?: string) {
    this.address = address
    this.token = token
  }

  async register({ check, ...service }: ConsulRegistration): Promise<void> {
    const ttl = check === undefined ? {} : { Check: { TTL: '1h', Status: check } }
    await this.call('PUT', '/v1/agent/service/register', { ...service, ...ttl })
  }

  async deregister(id: string): Promise<void> {
    await this.call('PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`)
  }

  /** Of one service, or of the whole node. */
  async maintenance(enable: boolean, id?: string): Promise<void> {
    const path =
      id === undefined ? '/v1/agent/maintenance' : `/v1/agent/service/maintenance/${encodeURIComponent(id)}`
    await this.call('PUT', `${path}?enable=${enable}`)
  }

  /** What the check given at registration says from now on. */
  async setCheck(id: string, status: CheckStatus): Promise<void> {
    await this.call('PUT', `/v1/agent/check/update/service:${encodeURIComponent(id)}`, { Status: status })
  }

  /** Writes to the catalog itself, as external tools do; `body` as in Consul's `/v1/catalog/register`. */
  async catalogRegister(body: object): Promise<void> {
    await this.call('PUT', '/v1/catalog/register', body)
  }

  async catalogDeregister(body: object): Promise<void> {
    await this.call('PUT', '/v1/catalog/deregister', body)
  }

  /** Puts all pairs (64 at most) in one transaction. */
  async putKeys(pairs: readonly (readonly [key: string, value: string])[]): Promise<void> {
    const operations = pairs.map(([Key, value]) => ({
      KV: { Verb: 'set', Key, Value: Buffer.from(value).toString('base64') },
    }))
    await this.call('PUT', '/v1/txn', operations)
  }

  /** Deletes everything that begins so. */
  async deleteKeys(prefix: string): Promise<void> {
    await this.call('DELETE', `/v1/kv/${prefix}?recurse`)
  }

  /** A token with one policy of the same name; the rules can be exchanged by `setPolicy`. */
  async createToken(name: string, rules: string): Promise<string> {
    await this.call('PUT', '/v1/acl/policy', { Name: name, Rules: rules })
    const made = await this.call('PUT', '/v1/acl/token', { Policies: [{ Name: name }] })
    return (made as { SecretID: string }).SecretID
  }

  async setPolicy(name: string, rules: string): Promise<void> {
    const policies = (await this.call('GET', '/v1/acl/policies')) as { ID: string; Name: string }[]
    const id = policies.find((policy) => policy.Name === name)?.ID
    await this.call('PUT', `/v1/acl/policy/${id}`, { ID: id, Name: name, Rules: rules })
  }

  /**
   * One call with the agent's token.
   * @throws Error with the answer's text when it is no success
   */
  async call(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const headers: Record<string, string> = this.token === undefined ? {} : { 'x-consul-token': this.token }
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(`http://${this.address}${path}`, init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  }
}
