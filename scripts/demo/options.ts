export interface DemoOptions {
  /** Address of a Consul agent; undefined: instances are found through a file. */
  readonly consul: URL | undefined
  /** Ends after every instance was replaced once. */
  readonly once: boolean
}

export const USAGE = `usage: npm run demo -- [--consul [ADDRESS]] [--once]

Starts Tidegate and three instances of a small service, and replaces them one by one under steady load.

  --consul [ADDRESS]  finds the instances through a Consul agent instead of a file;
                      without an address the one at CONSUL_HTTP_ADDR, else 127.0.0.1:8500
  --once              replaces each instance once; exits with 0 only when no request failed and
                      at least one was in flight at each replacement
`

/**
 * The options that the command line asks for, or undefined when it asks for help.
 * @throws Error with a sentence for the user
 */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions | undefined {
  let consul: URL | undefined
  let once = false
  const left = [...args]
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    const [name, value] = arg.split(/=(.*)/s, 2)
    if (name === '--help' || name === '-h') return undefined
    if (name === '--once' && value === undefined) once = true
    else if (name === '--consul') {
      const given = value ?? (left[0]?.startsWith('-') === false ? left.shift() : undefined)
      consul = parseAddress(given ?? (env['CONSUL_HTTP_ADDR'] || '127.0.0.1:8500'))
    } else throw new Error(`unknown argument \`${arg}\`; see npm run demo -- --help`)
  }
  return { consul, once }
}

function parseAddress(text: string): URL {
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `http://${text}`)
  if (url && url.hostname !== '' && url.pathname === '/') return url
  throw new Error(`\`${text}\` is no address of a Consul agent; it must look like 127.0.0.1:8500`)
}
