import { defineMiddleware, Response, STATUS_TEXT } from '../middleware.ts'
import { compileSourceTest, sourceComplaint, sourceOptions } from './sources/source-test.ts'

export default defineMiddleware({
  summary: 'Keeps clients of certain addresses out.',
  options: (field) => sourceOptions(field, 'Who is kept out.'),

  check: (options) => sourceComplaint(options, 'nobody would be kept out'),

  foreseeable: true,

  create(options) {
    const { rejectStatusCode } = options
    const isDenied = compileSourceTest(options)
    const text = STATUS_TEXT[rejectStatusCode] ?? ''
    return {
      request(request): Response | undefined {
        // Who cannot be told by the address that counts may be one of them.
        return isDenied(request) === false ? undefined : Response.because('FB', rejectStatusCode, text)
      },
    }
  },
})
