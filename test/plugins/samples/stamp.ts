import type { Fields, Plugin } from 'tidegate'
import { Response } from 'tidegate'

const options = (field: Fields) => ({
  stamp: field.string('What is stamped.').default('seen'),
  refuse: field.list('Paths that are refused.', field.string('A path.')).default([]),
})

export default {
  summary: 'Stamps what passes.',
  options,
  check: ({ stamp }) => (stamp === '' ? '`stamp` is empty' : undefined),
  create({ stamp, refuse }) {
    return {
      request(request) {
        request.headers.set('X-Stamp', stamp)
        return refuse.includes(request.path) ? Response.because('FB') : undefined
      },
      async around(request, next) {
        const response = await next(request)
        response.headers.append('X-Around', stamp)
        return response
      },
      response(response) {
        response.headers.append('X-Response', stamp)
      },
    }
  },
} satisfies Plugin<ReturnType<typeof options>>
