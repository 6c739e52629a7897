import { defineMiddleware, Response } from '../middleware.ts'
import { DigestAuthenticator, parseDigestUser } from './auth/digest-authenticator.ts'
import type { DigestUser } from './auth/digest-authenticator.ts'
import { htpasswdLines } from './auth/htpasswd.ts'
import { Nonces, noncesMemory } from './auth/nonces.ts'
import { fieldNameComplaint, fieldValueComplaint, wireText } from './fields/field-text.ts'

export default defineMiddleware({
  summary: 'Asks for a user name and password that are never sent (RFC 7616).',
  options: (field) => ({
    users: field
      .list(
        'Who may pass, besides `usersFile`; counts over it.',
        field.secret('`name:realm:hash` as `htdigest` prints it, by MD5 or SHA-256.'),
      )
      .default([]),
    usersFile: field.file('A file of `htdigest`; read when the configuration is.').optional(),
    realm: field
      .string('What the client is told that the password is for; users are of this realm.')
      .default('traefik'),
    removeHeader: field.boolean('Keeps `Authorization` from the service.').default(false),
    headerField: field
      .string('Request field in which the service is told the user name; empty: none.')
      .default(''),
  }),

  check({ users, usersFile, realm, headerField }) {
    if (users.length === 0 && !usersFile)
      return 'neither `users` nor `usersFile` is given, so nobody could pass'
    const wrong = usersComplaint(users, realm)
    if (wrong !== undefined) return `\`users\`: ${wrong}`
    return (
      fieldValueComplaint('realm', realm) ??
      (headerField === '' ? undefined : fieldNameComplaint(headerField))
    )
  },

  async prepare(options, tools) {
    const { usersFile, ...rest } = options
    if (!usersFile) return options
    const lines = htpasswdLines(await tools.readText(usersFile))
    const complaint = usersComplaint(lines, rest.realm)
    if (complaint) throw new Error(`\`usersFile\` ${usersFile}: ${complaint}`)
    if (lines.length === 0 && rest.users.length === 0)
      throw new Error(`\`usersFile\` ${usersFile} holds no user, so nobody could pass`)
    return { ...rest, users: [...rest.users, ...lines] }
  },

  shared: { key: () => '', create: noncesMemory },

  create({ users, realm, removeHeader, headerField }, { shared }) {
    const known = users.map(parseDigestUser).filter((user): user is DigestUser => typeof user !== 'string')
    const authenticator = new DigestAuthenticator(known, wireText(realm), new Nonces(shared!.memory))
    return {
      request(request): Response | undefined {
        const verdict = authenticator.examine(request)
        if (!('user' in verdict)) return unauthorized(authenticator.challenges(verdict.stale))
        request.user = verdict.user
        if (removeHeader) request.headers.delete('Authorization')
        if (headerField !== '') request.headers.set(headerField, wireText(verdict.user))
        return undefined
      },
    }
  },
})

function usersComplaint(lines: readonly string[], realm: string): string | undefined {
  for (const [i, line] of lines.entries()) {
    const user = parseDigestUser(line)
    if (typeof user === 'string') return `user ${i + 1}: ${user}`
    if (user.realm !== realm)
      return `user \`${user.name}\` is of the realm \`${user.realm}\`, and \`realm\` is \`${realm}\`, so nobody could pass by that name`
  }
  return undefined
}

function unauthorized(challenges: readonly string[]): Response {
  const response = Response.because('AU')
  for (const challenge of challenges) response.headers.append('WWW-Authenticate', challenge)
  return response
}
