/** etcd answered with an error. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError'
  /** Of HTTP; 200 within a watch. */
  readonly status: number
  /** Of gRPC, where it was told. */
  readonly code: number | undefined

  constructor(message: string, status: number, code: number | undefined) {
    super(message)
    this.status = status
    this.code = code
  }
}
