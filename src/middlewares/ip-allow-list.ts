import { defineMiddleware, Response, STATUS_TEXT } from '../middleware.ts'
import { compileSourceTest, sourceComplaint, sourceOptions } from './sources/source-test.ts'

export default defineMiddleware({
  summary: 'Lets only clients of certain addresses pass.',
  options: (field) => sourceOptions(field, 'Who may pass.'),

  check: (options) => sourceComplaint(options, 'nobody could pass'),

  foreseeable: true,

  create(options) {
    const { rejectStatusCode } = options
    const isAllowed = compileSourceTest(options)
    const text = STATUS_TEXT[rejectStatusCode] ?? ''
    return {
      request(request): Response | undefined {
        return isAllowed(request) === true ? undefined : Response.because('FB', rejectStatusCode, text)
      },
    }
  },
})
