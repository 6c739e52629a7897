import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { until } from './until.ts'

/** What the metrics page shows. */
export class Scrape {
  readonly body: string

  constructor(body: string) {
    this.body = body
  }

  static async of(port: number, path = '/metrics'): Promise<Scrape> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      if (response.statusCode === 200) resolve(text(response))
      else reject(new Error(`the page of metrics answered ${response.statusCode}`))
    }).on('error', reject)
    return new Scrape(await promise)
  }

  /** The first one for which this holds. */
  static when(port: number, what: string, holds: (page: Scrape) => boolean): Promise<Scrape> {
    return until(what, async () => {
      const page = await Scrape.of(port)
      return holds(page) ? page : undefined
    })
  }

  /** The value of a series, written as on the page, or undefined. */
  value(series: string): number | undefined {
    const line = this.lines.find((one) => one.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }

  /** Series whose names begin so. */
  series(start: string): string[] {
    return this.lines.filter((line) => line.startsWith(start)).map((line) => line.replace(/ \S+$/, ''))
  }

  /** Sum of the values of all series of a metric. */
  sum(name: string): number {
    return this.lines
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  get lines(): string[] {
    return this.body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  }
}
