import type { Request } from '../middleware.ts'
import { defineMiddleware, Response } from '../middleware.ts'
import { corsComplaint, corsOptions, createCors } from './headers/cors.ts'
import { createCustom, customComplaint, customOptions } from './headers/custom.ts'
import { createSecurity, securityComplaint, securityOptions } from './headers/security.ts'

export default defineMiddleware({
  summary:
    'Sets and deletes header fields of requests and responses, answers CORS preflights, adds security headers.',
  options: (field) => ({ ...customOptions(field), ...corsOptions(field), ...securityOptions(field) }),

  check: (options) => customComplaint(options) ?? corsComplaint(options) ?? securityComplaint(options),

  create(options) {
    const custom = createCustom(options)
    const cors = createCors(options)
    const security = createSecurity(options)
    const onRequest =
      cors !== undefined || custom.changeRequest !== undefined || security.refuse !== undefined
    const onResponse =
      cors !== undefined || custom.changeResponse !== undefined || security.changeResponse !== undefined
    return {
      ...(onRequest ? { request } : {}),
      ...(onResponse ? { response } : {}),
    }

    function request(request: Request): Response | undefined {
      const preflight = cors?.preflight(request)
      if (preflight) return preflight
      custom.changeRequest?.(request)
      return security.refuse?.(request)
    }

    // In this order a field that the user sets by hand has the last word over one that an option implies.
    function response(response: Response, request: Request): void {
      security.changeResponse?.(response.headers, request)
      custom.changeResponse?.(response.headers)
      cors?.changeResponse(response.headers, request)
    }
  },
})
