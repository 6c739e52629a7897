import type { Request } from '../../middleware.ts'
import { Response } from '../../middleware.ts'

/** By method (GET or another, whose method and body must survive) and permanence. */
const STATUS = {
  found: [302, 'Found'],
  temporary: [307, 'Temporary Redirect'],
  moved: [301, 'Moved Permanently'],
  permanent: [308, 'Permanent Redirect'],
} as const

/** Makes answers that send clients elsewhere; `permanent` ones may be remembered for ever. */
export function compileRedirect(permanent: boolean): (request: Request, location: string) => Response {
  const forGet = permanent ? STATUS.moved : STATUS.found
  const forOthers = permanent ? STATUS.permanent : STATUS.temporary
  return (request, location) => {
    const [status, text] = request.method === 'GET' ? forGet : forOthers
    const response = Response.because('RD', status, text)
    response.headers.append('Location', location)
    return response
  }
}
