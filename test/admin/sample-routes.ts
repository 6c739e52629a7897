/** Routing with a bit of everything: right and wrong, plain and composite, with secrets that nobody may see. */
export const SECRETS = ['$apr1$abcdefgh$QLvgL9Maogn2kBtlvaQ0J.', 'header-secret', 'url-secret']

const LISTENS_NOWHERE = 'http://127.0.0.1:1'

export const SAMPLE_ROUTES = {
  http: {
    routers: {
      short: { rule: 'Host(`api.example.com`)', service: 'api', middlewares: ['strip', 'auth', 'extra'] },
      long: {
        rule: 'Host(`api.example.com`) && PathPrefix(`/v2`)',
        service: 'split',
        middlewares: ['strip'],
      },
      secure: { rule: 'Host(`secure.example.com`)', service: 'api', tls: {} },
      old: { rule: 'Host(`old.example.com`)', service: 'api', middlewares: ['move'] },
      typo: { rule: 'Hots(`typo.example.com`)', service: 'api' },
      lost: { rule: 'Host(`lost.example.com`)', service: 'nowhere' },
    },
    middlewares: {
      strip: { stripPrefix: { prefixes: ['/v2'] } },
      auth: { basicAuth: { users: [`admin:${SECRETS[0]}`] } },
      extra: { headers: { customRequestHeaders: { Authorization: SECRETS[1], 'X-Team': 'blue' } } },
      move: { redirectRegex: { regex: '^http://old[.]', replacement: 'http://new.' } },
      outside: { forwardAuth: { address: `http://user:${SECRETS[2]}@127.0.0.1:1/` } },
    },
    services: {
      api: {
        loadBalancer: {
          servers: [{ url: LISTENS_NOWHERE }, { url: 'http://127.0.0.1:2', weight: 3 }],
          passHostHeader: false,
        },
      },
      idle: { loadBalancer: { servers: [] } },
      split: {
        weighted: {
          services: [
            { name: 'api', weight: 3 },
            { name: 'idle', weight: 1 },
          ],
        },
      },
    },
  },
}
