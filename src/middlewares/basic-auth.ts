import type { Request } from '../middleware.ts'
import { defineMiddleware, Response } from '../middleware.ts'
import { BasicAuthenticator } from './auth/basic-authenticator.ts'
import { htpasswdComplaint, htpasswdLines } from './auth/htpasswd.ts'
import type { Verdict } from './auth/verdict-cache.ts'
import { fieldNameComplaint, fieldValueComplaint, wireText } from './fields/field-text.ts'

export default defineMiddleware({
  summary: 'Asks for a user name and password (RFC 7617).',
  options: (field) => ({
    users: field
      .list(
        'Who may pass, besides `usersFile`; counts over it.',
        field.secret('`name:hash` as `htpasswd` prints it: bcrypt, MD5 (apr1) or SHA-1.'),
      )
      .default([]),
    usersFile: field.file('An htpasswd file; read when the configuration is.').optional(),
    realm: field.string('What the client is told that the password is for.').default('traefik'),
    removeHeader: field.boolean('Keeps `Authorization` from the service.').default(false),
    headerField: field
      .string('Request field in which the service is told the user name; empty: none.')
      .default(''),
  }),

  check({ users, usersFile, realm, headerField }) {
    if (users.length === 0 && !usersFile)
      return 'neither `users` nor `usersFile` is given, so nobody could pass'
    for (const user of users) {
      const complaint = htpasswdComplaint(user)
      if (complaint) return `\`users\`: ${complaint}`
    }
    return (
      fieldValueComplaint('realm', realm) ??
      (headerField === '' ? undefined : fieldNameComplaint(headerField))
    )
  },

  async prepare(options, tools) {
    const { usersFile, ...rest } = options
    if (!usersFile) return options
    const lines = htpasswdLines(await tools.readText(usersFile))
    for (const [i, line] of lines.entries()) {
      const complaint = htpasswdComplaint(line)
      if (complaint) throw new Error(`\`usersFile\` ${usersFile}, user ${i + 1}: ${complaint}`)
    }
    if (lines.length === 0 && rest.users.length === 0)
      throw new Error(`\`usersFile\` ${usersFile} holds no user, so nobody could pass`)
    return { ...rest, users: [...rest.users, ...lines] }
  },

  create({ users, realm, removeHeader, headerField }, { verifyPassword }) {
    const authenticator = new BasicAuthenticator(users, verifyPassword)
    const challenge = `Basic realm="${wireText(realm).replace(/["\\]/g, String.raw`\$&`)}"`
    return {
      request(request): Response | undefined | Promise<Response | undefined> {
        const credentials = request.headers.get('Authorization')
        if (credentials === undefined) return unauthorized(challenge)
        const known = authenticator.recall(credentials)
        if (known) return admit(request, known)
        return authenticator.examine(credentials).then((verdict) => admit(request, verdict))
      },
    }

    function admit(request: Request, verdict: Verdict | undefined): Response | undefined {
      if (!verdict) return overloaded()
      if (verdict.user === undefined) return unauthorized(challenge)
      request.user = verdict.user
      if (removeHeader) request.headers.delete('Authorization')
      if (headerField !== '') request.headers.set(headerField, wireText(verdict.user))
      return undefined
    }
  },
})

function unauthorized(challenge: string): Response {
  const response = Response.because('AU')
  response.headers.append('WWW-Authenticate', challenge)
  return response
}

/** More passwords wait to be checked than can be: neither yes nor no would be true. */
function overloaded(): Response {
  const response = Response.because('OV')
  response.headers.append('Retry-After', '1')
  return response
}
