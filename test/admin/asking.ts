import { request } from 'node:http'
import type { FileApp } from '../support/file-app.ts'

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Asks the admin API of this app. */
export function get(
  it: FileApp,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  return getFrom(it.app.adminPort!, path, headers)
}

/** Asks whatever listens on this port; `fetch` sets the Host header itself. */
export function getFrom(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, agent: false, headers })
    asking.on('error', reject).on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
    })
    asking.end()
  })
}

/** The same, read as JSON. */
export async function getJson<T>(it: FileApp, path: string): Promise<T> {
  const { status, text } = await get(it, path)
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
  return JSON.parse(text) as T
}
