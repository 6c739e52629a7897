const NAMES: Readonly<Record<number, string>> = {
  [-4]: 'CONNECTIONLOSS',
  [-5]: 'MARSHALLINGERROR',
  [-6]: 'UNIMPLEMENTED',
  [-7]: 'OPERATIONTIMEOUT',
  [-8]: 'BADARGUMENTS',
  [-102]: 'NOAUTH',
  [-112]: 'SESSIONEXPIRED',
  [-115]: 'AUTHFAILED',
  [-118]: 'SESSIONMOVED',
  [-124]: 'SESSIONCLOSEDREQUIRESASLAUTH',
  [-127]: 'THROTTLEDOP',
}

/** The server answered a read with an error. */
export class ReadError extends Error {
  override readonly name = 'ReadError'
  readonly code: number
  readonly path: string

  constructor(code: number, path: string) {
    super(`${NAMES[code] ?? 'error'} (${code})`)
    this.code = code
    this.path = path
  }

  /** The node's access list does not let us read it. */
  get denied(): boolean {
    return this.code === -102
  }
}

/** The server takes no user and password, or not in this form. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError'
}

/** The server shows an older state than was seen before. */
export class BehindError extends Error {
  override readonly name = 'BehindError'
}
