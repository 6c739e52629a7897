import { HeaderList, Response } from 'tidegate'

/** What goes wrong is named by the path. */
export default {
  summary: 'Fails as it is told to.',
  options: (field) => ({ create: field.boolean('Fails when it is made.').default(false) }),
  create({ create }) {
    if (create) throw new Error('no')
    return {
      request({ path, headers }) {
        switch (path) {
          case '/throw':
            throw new Error('thrown')
          case '/reject':
            return Promise.reject(new Error('rejected'))
          case '/nonsense':
            return { status: 200 }
          case '/status':
            return new Response(99, new HeaderList(), null)
          case '/split':
            return new Response(200, new HeaderList(['X-A', 'a\r\nX-B: b']), null)
          case '/narrowed':
            headers.set('X-A', 'a\u010dX-B: b')
            return undefined
          case '/timer':
            return new Promise(() => setTimeout(() => null.nothing, 5))
          case '/stray':
            setTimeout(async () => Promise.reject(new Error('strayed')), 1)
            return undefined
          case '/block': {
            const until = performance.now() + 2_500
            while (performance.now() < until);
            return undefined
          }
          default:
            return undefined
        }
      },
      async around(request, next) {
        if (request.path === '/before') throw new Error('before')
        const response = await next(request)
        if (request.path === '/behind') throw new Error('behind')
        return response
      },
      response(response, { path }) {
        if (path === '/response') throw new Error('in response')
        if (path === '/late') return Promise.reject(new Error('late'))
        return undefined
      },
    }
  },
}
