import { ConfigurationError } from '../../src/config/problem.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

/**
 * `host`, `host:port` or `[::1]:port` of the option `endpoints`.
 * @throws ConfigurationError which does not repeat what was written: some write passwords into addresses
 */
export function parsePlace(text: string, defaultPort: number, source: string): Place {
  const written = text.trim()
  const url = `http://${written}`
  if (/[/?#@\s\\]/.test(written) || !URL.canParse(url)) throw wrongEndpoint(defaultPort, source)
  const port = /:(\d+)$/.exec(written.replace(/^\[.*\]/, ''))?.[1]
  const { hostname } = new URL(url)
  if (hostname === '' || port === '0') throw wrongEndpoint(defaultPort, source)
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? defaultPort : Number(port),
  }
}

function wrongEndpoint(defaultPort: number, source: string): ConfigurationError {
  return new ConfigurationError([
    {
      code: 'E102',
      severity: 'error',
      message: 'one of `endpoints` is no address',
      remedy: `write host:port, such as 127.0.0.1:${defaultPort}; user and password have options of their own`,
      origin: { source, key: 'endpoints' },
    },
  ])
}
