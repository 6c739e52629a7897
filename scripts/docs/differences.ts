/** What behaves otherwise than in Traefik v3 although the configuration says the same. */
export interface Difference {
  readonly what: string
  readonly traefik: string
  readonly tidegate: string
  readonly why: string
}

/** Hand-written, since only people know the reasons. A test checks that every decision of the design is named. */
export const DIFFERENCES: readonly Difference[] = [
  {
    what: '`watch` of the Consul Catalog provider',
    traefik: '`false`: everything is read every 15 s',
    tidegate: '`true`: changes are followed by blocking queries',
    why: 'An instance that has gone gets requests until the next read; following costs the agent two open queries for each datacenter.',
  },
  {
    what: '`watch` of the Nomad provider, and its option `throttleDuration`',
    traefik: '`false`: everything is read every 15 s; with `watch`, any event has everything read',
    tidegate:
      '`true`: changes are followed by blocking queries; `throttleDuration` without `watch` is listed',
    why: 'An allocation that stops gets requests until the next read; following costs the agent two open queries for each namespace.',
  },
  {
    what: 'Checks of services in the catalog of Nomad',
    traefik: 'not asked for: every registration is served',
    tidegate: 'asked for; who does not pass is not served (`healthChecks`)',
    why: 'Nomad registers a service before its task can answer, and leaves it registered while its checks fail.',
  },
  {
    what: '`namespaces: ["*"]` of the Nomad provider',
    traefik: 'refused',
    tidegate: 'all namespaces that the token may read',
    why: 'New namespaces need no edit. Several namespaces are one provider, `nomad`, and not one each.',
  },
  {
    what: 'Redirects that the endpoint of the HTTP provider answers with',
    traefik: 'followed',
    tidegate: 'a fault that names where they lead to',
    why: 'The fields of `headers`, tokens among them, are meant for the server that is configured.',
  },
  {
    what: 'An answer of the HTTP provider that is empty or holds nothing known',
    traefik: 'an empty configuration is skipped, keys that are not known are an error',
    tidegate: 'a fault; `{}` says that there is nothing to route',
    why: 'The page of a proxy in front must not take away every route.',
  },
  {
    what: 'Tasks of ECS that a list or a page of descriptions does not show',
    traefik: 'gone from the configuration at once',
    tidegate: 'described once more; they leave when ECS says that they stop or are gone',
    why: 'A failed page is no proof. A task that is told to stop is seen as such in its description, and drains.',
  },
  {
    what: 'Unhealthy tasks of ECS in `bridge` and `host` mode',
    traefik: 'served, unless `healthyTasksOnly` is set',
    tidegate: 'drain, as with `awsvpc`',
    why: 'How a task is connected says nothing about whether it can serve.',
  },
  {
    what: 'Labels of Traefik v1 on instances',
    traefik: 'ignored in silence',
    tidegate: 'read in their meaning of today where no labels of today define routing, and listed',
    why: 'Services that run are not edited on the day on which the router is exchanged.',
  },
  {
    what: 'ECS Anywhere (`ecsAnywhere`)',
    traefik: 'addresses come from Systems Manager',
    tidegate: 'such tasks are left out, and listed as a problem',
    why: 'AWS does not list addresses of such machines with their tasks; until they are asked for elsewhere, silence would be worse.',
  },
  {
    what: '`providersThrottleDuration`',
    traefik: '2 s, for every change',
    tidegate: '100 ms, for additions alone; removals and drains are served at once',
    why: 'A change is handed to the workers as a difference and costs what changed, so there is little to gather; a new instance need not wait for seconds.',
  },
  {
    what: 'Passive health (ejection of failing endpoints)',
    traefik: 'off',
    tidegate:
      'on: five failures in a row (no connection, no answer, 5xx) over all workers take an endpoint out for 10 s, 10 s longer each time, 5 minutes at most; with `passiveHealthCheck` as that says. Half of a service at most, and never the last endpoint; `maxEjectionPercent: 0` switches it off',
    why: 'An endpoint that fails every request should not go on failing its share of them until somebody notices.',
  },
  {
    what: 'Active health checks (`healthCheck`): when an endpoint is up or down',
    traefik: 'every new one is up; the first probe comes after one interval; one failed probe is enough',
    tidegate:
      'a new one is down until its first probe, which is sent at once, has passed (`initialState`); three failed probes in a row take it out (`fall`), one that passes brings it back (`rise`)',
    why: 'A new instance may not be ready yet, and a single lost packet is no reason to take an old one out.',
  },
  {
    what: 'Active health checks: redirects',
    traefik: 'followed, wherever they lead',
    tidegate:
      'followed, five at most, within the endpoint itself; one that leads elsewhere counts by its own status',
    why: 'A probe is to find out about this endpoint, and must not be led to what only the proxy can reach.',
  },
  {
    what: 'Active health checks when the configuration changes',
    traefik: 'begin anew, and all endpoints with them as up',
    tidegate: 'go on, with what they have found, as long as the check itself has not changed',
    why: 'In a rolling deploy the configuration changes all the time; an endpoint that is down is down before and after.',
  },
  {
    what: 'An endpoint that leaves',
    traefik: 'gets nothing more; its requests finish, and its tunnels (WebSocket) stay open for ever',
    tidegate:
      'drains: its requests and tunnels have `drainTimeout` (30 s) to finish; so do those of an instance in maintenance, and one that an operator drains',
    why: 'A process that waits for its last client to go never stops, and one that is killed loses them all.',
  },
  {
    what: 'Retries',
    traefik: 'only with the `retry` middleware, perhaps on the same server',
    tidegate:
      'on where they are safe: nothing of the request was sent, or its method may be repeated and nothing was answered; on another endpoint, within a budget; `retry.attempts: 0` switches it off',
    why: 'A deploy closes connections under running requests. What can be sent again without harm need not fail.',
  },
  {
    what: 'State of balancing (turns, requests on their way, times) when the configuration changes',
    traefik: 'begins anew with every change of any router or service',
    tidegate: 'belongs to the endpoint and stays',
    why: 'In a rolling deploy everything changes all the time, and what begins anew each time balances nothing.',
  },
  {
    what: 'All endpoints of a service are unhealthy',
    traefik: '503',
    tidegate: 'all that do not drain are tried',
    why: 'When every check fails it is often the check that is wrong; a made-up error helps nobody.',
  },
  {
    what: 'Strategy `p2c`: weights',
    traefik: 'ignored',
    tidegate: 'honoured, in the drawing and in the comparison',
    why: 'An endpoint that is given half of the weight should have half of the work, whatever the strategy.',
  },
  {
    what: 'Strategy `leasttime`: an endpoint that has not answered yet, or not for long',
    traefik: 'the first counts as the fastest, the second is asked only when the others are busy',
    tidegate:
      'the first counts as the average of the others, the second is asked once in 64 requests for each endpoint; answers of 5xx are not counted',
    why: 'A newcomer would get all requests until its first answer, one bad minute would last for ever, and fast errors would draw everybody.',
  },
  {
    what: 'Strategies `leastconn` and `leasttime`: an endpoint that has just come',
    traefik: 'gets all requests until it has as many as the others (`leasttime`; there is no `leastconn`)',
    tidegate: 'gets twice its share at the most until it has caught up',
    why: 'A process that has just started is at its slowest, and a wrong one should show so with few requests.',
  },
  {
    what: '`sticky: {}` without `cookie`, and the tag `sticky=true`',
    traefik: 'without effect',
    tidegate: 'a cookie with its defaults',
    why: 'Whoever writes it wants sticky sessions; `sticky=false` says the contrary.',
  },
  {
    what: 'A sticky cookie that cannot be written (a `;` in its path, say)',
    traefik: 'some values are dropped, others spoil the cookie',
    tidegate: 'the default is used, and the value is listed as a problem',
    why: 'A value from a service’s tags must not write fields of a response.',
  },
  {
    what: 'Largest header block of a request',
    traefik: '1 MiB',
    tidegate: '64 KiB, above it 431',
    why: 'A megabyte for each connection is an easy way to exhaust memory, and no honest client needs it.',
  },
  {
    what: 'Slow clients (`respondingTimeouts.headersTimeout`, `minRequestRate`, `minResponseRate`)',
    traefik: 'only the 60 s of `readTimeout` for a whole request',
    tidegate:
      'a request head has 10 s, a request body comes with at least 240 bytes a second over 20 s, a response is taken with as much over a minute; otherwise 408, or the connection is reset',
    why: 'Thousands of connections that hardly move are a cheap attack, and each of them may hold an endpoint.',
  },
  {
    what: 'Open connections (`transport.maxConnections`) and overload (`overload`)',
    traefik: 'as many as the system allows; every request is taken on',
    tidegate:
      '100,000 connections for each entry point, 10,000 requests under way for each worker, and less than half a second of lasting delay; beyond that 503 with `Retry-After`',
    why: 'What is taken on beyond capacity makes everything slower until nobody waits long enough for an answer.',
  },
  {
    what: 'The admin API (`api`)',
    traefik: 'on the entry point `traefik` (`:8080`) with `insecure`, or behind a router',
    tidegate:
      'on a listener of its own, `127.0.0.1:8081` or `api.address`; with `insecure` the entry point `traefik` (`:8080`) leads there. Reading from elsewhere without `insecure`, and every change, want `api.token`; host names have to be named (`api.allowedHosts`)',
    why: 'It answers from the control plane, whatever the workers have to do, and no web page that somebody has open can ask it under a name of its own.',
  },
  {
    what: 'The service `api@internal`',
    traefik: 'any router may lead to it',
    tidegate:
      'there only with `api.insecure`, and meant for the entry point `traefik`; `dashboard@internal` and `rest@internal` are unknown',
    why: 'A service that somebody registers must not open the admin API to everybody by a tag.',
  },
  {
    what: 'Routers, services and middlewares with errors in the API',
    traefik: 'what a provider has dropped is not shown',
    tidegate:
      'everything that is not served as written is listed, `disabled` with what is wrong, and in `/api/problems` with its place and remedy',
    why: 'What vanishes in silence is looked for longest.',
  },
  {
    what: '`dialTimeout` (connecting to an endpoint)',
    traefik: '30 s',
    tidegate: '3 s, then another endpoint',
    why: 'An address that swallows packets, as that of a machine just terminated does, must not hold a request for half a minute.',
  },
  {
    what: '`serversTransports`: `maxIdleConnsPerHost`',
    traefik: '200 by default, 2 for a named transport that does not say',
    tidegate: '1,000 for each worker; 0 keeps none',
    why: 'Beyond it connections are opened and closed all the time, which costs more than to keep them.',
  },
  {
    what: 'A service whose `serversTransport` is missing, or whose files cannot be read',
    traefik: 'the service is in error, or is connected to with what could be read',
    tidegate:
      'what was good before stays in use; without that the service is left out, or trusts no certificate until the files can be read',
    why: 'To connect in another way than was asked for would trust others than were named.',
  },
  {
    what: 'Strict HTTP',
    traefik: 'accepts several forms that the standard forbids or leaves open',
    tidegate:
      'refuses whatever RFC 9110 and 9112 do not clearly allow, such as `Transfer-Encoding` beside `Content-Length`, with 400 and a closed connection',
    why: 'Where two parsers may disagree about where a request ends, one request can be smuggled in another.',
  },
  {
    what: 'Encoded characters in paths (`%2F`, `%3B` and others)',
    traefik: 'pass',
    tidegate: 'pass as well, except `%00`, raw `\\`, `#` and broken escapes, which are answered 400',
    why: 'Applications rely on `%2F`; nothing relies on a NUL, and the others are read differently by different servers.',
  },
  {
    what: 'Header names with an underscore',
    traefik: 'pass',
    tidegate: 'pass, except look-alikes of managed or framing fields such as `X_Forwarded_For`',
    why: 'CGI-like services cannot tell `X_Forwarded_For` from `X-Forwarded-For`, so a client could forge the latter.',
  },
  {
    what: 'Client idle time-out (`respondingTimeouts.idleTimeout`)',
    traefik: '180 s',
    tidegate: '180 s, the same',
    why: 'It has to be longer than the 60 s of a load balancer in front, which would otherwise send requests into closing connections.',
  },
  {
    what: 'A service without any instance that may be used',
    traefik: 'the router disappears: 404, or another router answers',
    tidegate: '503; the router stays',
    why: 'A fault of a service must look like one, and must not make its requests fall through to another.',
  },
  {
    what: 'A service of `weighted`, `highestRandomWeight`, `mirroring` or `failover` that cannot answer',
    traefik: 'gets its share of the requests all the same, unless `healthCheck` is set on all of them',
    tidegate: 'is passed over, whether `healthCheck` is set or not',
    why: 'A share of the requests must not fail while another service could answer them.',
  },
  {
    what: 'A service that `weighted` and the like name, and that does not exist',
    traefik: 'the whole service is in error, and its routers with it',
    tidegate: 'is listed as a problem; what is left serves without it',
    why: 'A canary that has come to its end leaves the registry, and must not take the service along.',
  },
  {
    what: '`failover` with `errors`: request bodies without `maxRequestBodyBytes`',
    traefik: 'held in memory, whatever their size',
    tidegate: 'held up to 4 MiB; larger ones are passed on, and the answer of the service stands',
    why: 'A few large uploads must not take all memory.',
  },
  {
    what: 'Two instances that define the same router differently',
    traefik: 'the router is deleted',
    tidegate: 'the definition of most instances is served, then the newest; the other is listed as a problem',
    why: 'A rolling deploy that changes a tag goes through exactly this state.',
  },
  {
    what: 'An unknown key in a tag',
    traefik: 'drops the whole instance',
    tidegate: 'costs only the key, and is listed with a suggestion',
    why: 'A spelling mistake should not take a service down.',
  },
  {
    what: 'A file that cannot be read',
    traefik: 'the update of the whole file provider is rejected',
    tidegate: 'its own last good version stays; other files are served as they are',
    why: 'One broken file in a directory is nobody else’s fault.',
  },
  {
    what: '`headers`: framing and connection fields (`Content-Length`, `Transfer-Encoding`, `Connection`, `Upgrade` …)',
    traefik: 'set like any other',
    tidegate: 'refused with a sentence',
    why: 'The proxy writes these itself; a value by hand could only make the two sides disagree.',
  },
  {
    what: '`basicAuth`: cost of bcrypt hashes',
    traefik: 'any',
    tidegate:
      'at most 15; hashes are checked on a thread of their own, verdicts are remembered for 60 s, and a check that takes longer than 5 s is answered 503',
    why: 'A single login must not hold up everybody else’s requests.',
  },
  {
    what: '`replacePathRegex`: `X-Replaced-Path`',
    traefik: 'added to what the client sent',
    tidegate: 'replaces what the client sent',
    why: 'A service that reads the first field would believe the client.',
  },
  {
    what: '`retry`: attempts',
    traefik: 'its own, on whatever server comes next; no limit on how many there are in all',
    tidegate:
      'those of the proxy itself are among them, so that they never multiply; what may have reached an endpoint is paid for from a budget; what failed on a connection that was lost is sent again when its method may be repeated',
    why: 'Retries of retries turn a small outage into a large one.',
  },
  {
    what: '`buffering`: `retryExpression`',
    traefik: 'sends again as long as the expression is true',
    tidegate: 'ten times at the most, within a budget of retries',
    why: 'An expression without `Attempts()` would never end.',
  },
  {
    what: '`forwardAuth`: the authentication server cannot be asked',
    traefik: '500',
    tidegate:
      '500, or with `onError: open` the request passes, without the fields that only that server may set',
    why: 'For some services a login page that is down is worse than one that is not asked for, for others not; only the operator knows.',
  },
  {
    what: '`forwardAuth`: `maxResponseBodySize: -1`',
    traefik: 'any size, held in memory',
    tidegate: '4 MiB',
    why: 'Whoever controls the answers of that server should not control the memory of the proxy.',
  },
  {
    what: '`forwardAuth`: `X-Forwarded-Proto`, when `trustForwardHeader` is off',
    traefik: 'by the connection to Traefik, even where the entry point trusts the load balancer in front',
    tidegate: 'as the entry point has found it',
    why: 'A login that sends people back to `http://` behind a load balancer that speaks HTTPS helps nobody.',
  },
  {
    what: '`metrics`: names',
    traefik: 'begin with `traefik`',
    tidegate:
      'begin with `tidegate`; with `metrics.prometheus.prefix: traefik` as in Traefik, as are names and labels behind that in any case',
    why: 'Two programs on one machine must be told apart, and boards made for Traefik must work when that is wanted.',
  },
  {
    what: '`metrics`: what clients choose',
    traefik: 'every status is a series of its own, and every value of a header in `headerLabels`',
    tidegate:
      '64 series for each entry point, router and service, and 100 values of headers; what comes beyond is `other`',
    why: 'Whoever sends requests should not control the memory of the proxy and of whatever stores its metrics.',
  },
  {
    what: '`metrics`: requests that are not valid, and services of services',
    traefik: 'not counted; each service on the way is counted, and so are mirrors',
    tidegate: 'counted for the entry point; the load-balanced service that answered last is counted',
    why: 'An attack should be seen, and a request counted once.',
  },
  {
    what: '`metrics.statsD` and `metrics.datadog`: durations',
    traefik: 'one by one',
    tidegate: 'the mean of each `pushInterval` for each series',
    why: 'A packet for each request would cost more than the request.',
  },
  {
    what: '`metrics.influxDB2`, `metrics.otlp`',
    traefik: 'built in',
    tidegate: 'not built yet; each is listed as a problem',
    why: 'Prometheus, StatsD and Datadog come first.',
  },
  {
    what: '`accessLog.fields.headers`',
    traefik: 'also fields that the endpoint sent, as `origin_<Name>`',
    tidegate: 'fields of the request and of the answer that the client got',
    why: 'To keep the fields of each answer as they were before middlewares changed them would cost every request.',
  },
  {
    what: '`digestAuth`: algorithms and replays',
    traefik: 'MD5; counts are kept by one process',
    tidegate:
      'MD5 and SHA-256, by the hashes of the users; each count of a nonce is taken once by all workers together',
    why: 'RFC 7616 has both, and a request that was overheard must not be sent again.',
  },
  {
    what: '`errors`: the page of a request with a condition or a range',
    traefik: 'is asked for with them, and may be answered 304 or 206',
    tidegate: 'is asked for without them',
    why: 'They speak of the page that failed, not of the one that explains it.',
  },
]
