import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DIFFERENCES } from '../../scripts/docs/differences.ts'
import { referencePages } from '../../scripts/docs/pages.ts'

const FOLDER = new URL('../../docs/reference/', import.meta.url)
const pages = await referencePages()

for (const [name, text] of pages) {
  test(`docs/reference/${name} is what the definitions say`, () => {
    const file = new URL(name, FOLDER)
    assert.ok(existsSync(file), 'run npm run docs')
    assert.ok(readFileSync(file, 'utf8') === text, 'run npm run docs')
  })
}

test('docs/reference holds nothing that is not generated', () => {
  assert.deepEqual(readdirSync(FOLDER).toSorted(), [...pages.keys()].toSorted())
})

test('every row of every table has the cells of its head', () => {
  for (const [name, text] of pages) {
    let cells = 0
    for (const line of text.split('\n')) {
      const found = line.startsWith('|') ? line.replaceAll(String.raw`\|`, '').split('|').length : 0
      if (found > 0 && cells > 0) assert.equal(found, cells, `${name}: ${line}`)
      cells = found
    }
  }
})

/** What the design has decided otherwise than Traefik, or on purpose alike. */
const DECIDED: [decision: string, mention: RegExp][] = [
  ['watch is on', /`watch`/],
  ['passive health is on', /^Passive health/],
  ['safe retries are on', /^Retries/],
  ['header block of 64 KiB', /64 KiB/],
  ['dialTimeout of 3 s', /`dialTimeout`.*3 s/],
  ['strict HTTP', /^Strict HTTP/],
  ['%2F and others pass', /%2F.*%00/],
  ['underscores', /underscore/],
  ['client idle time-out of 180 s', /180 s/],
]
for (const [decision, mention] of DECIDED) {
  test(`differences from Traefik: ${decision}`, () => {
    const rows = DIFFERENCES.map(({ what, traefik, tidegate }) => [what, traefik, tidegate].join(' '))
    assert.ok(rows.some((row) => mention.test(row)))
  })
}

test('every difference has its reason', () => {
  for (const { what, why } of DIFFERENCES) assert.match(why, /^[A-Z`].{20,}\.$/, what)
})
