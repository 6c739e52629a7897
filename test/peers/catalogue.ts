/** A program that tests talk to, and where it comes from. */
export interface Peer {
  /** The variable that names a binary to be used instead. */
  readonly variable: string
  /** The program's name on PATH. */
  readonly command: string
  /** Debian package that holds it. */
  readonly package: string
  /** Path inside the package. */
  readonly path: string
  /** Debian release; undefined: the machine's own. */
  readonly suite?: string
  /** True when the package's program stands alone, so that nothing it depends on is fetched. */
  readonly alone?: boolean
  /** Packages of the machine's own release that it needs besides. */
  readonly besides?: readonly string[]
  /** What runs it, when it is a script, or a library for Java: then the arguments begin with Java's own. */
  readonly interpreter?: 'python3' | 'java'
}

/**
 * Consul left Debian after bullseye; its binary is a static one, so the old package serves any release. moto came
 * with trixie and is pure Python, which runs on the Python and the libraries of the machine's own release.
 */
export const PEERS = {
  consul: {
    variable: 'CONSUL_BIN',
    command: 'consul',
    package: 'consul',
    path: 'usr/bin/consul',
    suite: 'bullseye',
    alone: true,
  },
  etcd: {
    variable: 'ETCD_BIN',
    command: 'etcd',
    package: 'etcd-server',
    path: 'usr/bin/etcd',
    alone: true,
  },
  etcdctl: {
    variable: 'ETCDCTL_BIN',
    command: 'etcdctl',
    package: 'etcd-client',
    path: 'usr/bin/etcdctl',
    alone: true,
  },
  nginx: { variable: 'NGINX_BIN', command: 'nginx', package: 'nginx', path: 'usr/sbin/nginx' },
  haproxy: { variable: 'HAPROXY_BIN', command: 'haproxy', package: 'haproxy', path: 'usr/sbin/haproxy' },
  caddy: { variable: 'CADDY_BIN', command: 'caddy', package: 'caddy', path: 'usr/bin/caddy', alone: true },
  wrk: { variable: 'WRK_BIN', command: 'wrk', package: 'wrk', path: 'usr/bin/wrk' },
  moto: {
    variable: 'MOTO_BIN',
    command: 'moto_server',
    package: 'python3-moto',
    path: 'usr/bin/moto_server',
    suite: 'trixie',
    alone: true,
    besides: [
      'python3',
      'python3-boto3',
      'python3-flask',
      'python3-flask-cors',
      'python3-responses',
      'python3-xmltodict',
      'python3-cryptography',
      'python3-jinja2',
    ],
    interpreter: 'python3',
  },
  promtool: {
    variable: 'PROMTOOL_BIN',
    command: 'promtool',
    package: 'prometheus',
    path: 'usr/bin/promtool',
    alone: true,
  },
  zsh: { variable: 'ZSH_BIN', command: 'zsh', package: 'zsh', path: 'bin/zsh' },
  fish: { variable: 'FISH_BIN', command: 'fish', package: 'fish', path: 'usr/bin/fish' },
  aws: {
    variable: 'AWS_BIN',
    command: 'aws',
    package: 'awscli',
    path: 'usr/bin/aws',
    interpreter: 'python3',
  },
  redis: {
    variable: 'REDIS_BIN',
    command: 'redis-server',
    package: 'redis-server',
    path: 'usr/bin/redis-server',
  },
  // The libraries that it cannot start without; its package wants a desktop's worth of others.
  'redis-cli': {
    variable: 'REDIS_CLI_BIN',
    command: 'redis-cli',
    package: 'redis-tools',
    path: 'usr/bin/redis-cli',
  },
  zookeeper: {
    variable: 'ZOOKEEPER_BIN',
    command: 'java-with-zookeeper',
    package: 'libzookeeper-java',
    path: 'usr/share/java/zookeeper.jar',
    alone: true,
    besides: ['default-jre-headless', 'libslf4j-java', 'libdropwizard-metrics-java', 'libsnappy-java'],
    interpreter: 'java',
  },
  bwrap: { variable: 'BWRAP_BIN', command: 'bwrap', package: 'bubblewrap', path: 'usr/bin/bwrap' },
  'systemd-analyze': {
    variable: 'SYSTEMD_ANALYZE_BIN',
    command: 'systemd-analyze',
    package: 'systemd',
    path: 'usr/bin/systemd-analyze',
  },
  'systemd-socket-activate': {
    variable: 'SYSTEMD_SOCKET_ACTIVATE_BIN',
    command: 'systemd-socket-activate',
    package: 'systemd',
    path: 'usr/bin/systemd-socket-activate',
  },
  h2load: { variable: 'H2LOAD_BIN', command: 'h2load', package: 'nghttp2-client', path: 'usr/bin/h2load' },
} as const satisfies Record<string, Peer>

export type PeerName = keyof typeof PEERS

/** The command by which a person installs the peer on this machine. */
export function installHint(name: PeerName): string {
  const peer: Peer = PEERS[name]
  const byHand = peer.suite === undefined ? `apt-get install ${peer.package}, or ` : ''
  return `${byHand}node test/peers/fetch.ts ${name}, or ${peer.variable}=/path/to/${peer.command}`
}
