/** Pages that only the control plane can write: the questions of one worker that are still open. */
export class AskedPages {
  readonly #ask: (id: number) => void
  readonly #open = new Map<number, (text: string) => void>()
  #nextId = 0

  constructor(ask: (id: number) => void) {
    this.#ask = ask
  }

  ask(): Promise<string> {
    return new Promise((resolve) => {
      const id = this.#nextId++
      this.#open.set(id, resolve)
      this.#ask(id)
    })
  }

  answered(id: number, text: string): void {
    this.#open.get(id)?.(text)
    this.#open.delete(id)
  }
}
