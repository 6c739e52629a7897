import { WORDS } from '../../src/discovery/tag-grammar.ts'
import { table } from './tables.ts'

/** What the words directly below the prefix say. That none is missing here is checked by the compiler. */
const MEANING: Readonly<Record<(typeof WORDS)[number], string>> = {
  enable: 'Whether the instance is served: `true` or `false`. Default: `exposedByDefault` of the provider.',
  app: 'The application, the first part of the default host and service. Default: the name of the service.',
  tag: 'The version, which stands behind the application. Default: the first plain tag that `tagPattern` matches, else `version` of its meta, else the tag of its image. An empty value says that there is none.',
  env: 'The environment, which stands before the domain. Default: `environment` of the provider.',
  domain: 'The domain of the default host. Default: `domain` of the provider.',
  weight:
    'Its share among the instances of the service, such as `5`; or, as `5%`, the part of all [canaries](routing.md#canaries) of its version together.',
  port: 'The port to connect to, where the instance has none or several. `loadbalancer.server.port` of one service counts before it.',
}

/** The grammar of tags and labels. */
export function tagSections(): string[] {
  return [
    'What a service’s tags (Consul, Nomad), labels (ECS) or machine tags (EC2) may say. A tag is a plain word, such as `v1`, or `tidegate.<key>=<value>`. Both prefixes `tidegate` and `traefik` are read, and ours wins where both say the same; `prefix` of the provider chooses. Letters’ case of keys does not matter. A tag that is not understood costs only itself, and is listed as a [problem](problems.md).',
    `## Words\n\n${table(
      ['Tag', 'What it says'],
      WORDS.map((word) => [`\`tidegate.${word}=…\``, MEANING[word]]),
    )}`,
    [
      '## Routing',
      table(
        ['Tag', 'What it says'],
        [
          [
            '`tidegate.http.routers.<name>.…`',
            'A [router](routing.md#routers). One without `service` leads to the service that the instance defines, or to its default one.',
          ],
          [
            '`tidegate.http.services.<name>.loadBalancer.…`',
            'A [service](routing.md#services) that the instance is an endpoint of; `server.port`, `server.scheme`, `server.weight` and `server.url` speak of the instance itself.',
          ],
          ['`tidegate.http.middlewares.<name>.<kind>.…`', 'A [middleware](middlewares.md).'],
        ],
      ),
      'An instance that names no service is an endpoint of its default one, and an instance that names no router gets the default one: host `app[-tag][.env].domain` where a domain is set, otherwise Traefik’s default rule. The same name on several instances is one resource; where they define it differently, what most of them say is served, then the newest. Lists are written `a, b` or `…[0]=a`. A router or middleware of another provider is named with it: `auth@file`.',
      'Options that read files of this machine, services of services, servers transports and certificates are not taken from tags; each option’s table shows its tag where there is one.',
    ].join('\n\n'),
    '## Labels of Traefik v1\n\nAre read in their meaning of today where an instance has no tags of today that define routing, and listed (E307), so that services need no edit on the day of the change.',
  ]
}
