import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { LOG_FIELDS } from '../../scripts/docs/log-page.ts'
import { membershipLines } from '../../src/telemetry/membership-log.ts'
import type { EndpointView, Membership } from '../../src/telemetry/membership-log.ts'

const ROOT = new URL('../../', import.meta.url)

test('every field that a line of the log is given is in the reference', () => {
  const sources = globSync('{src,providers}/**/*.ts', { cwd: ROOT }).map((path) =>
    readFileSync(new URL(path, ROOT), 'utf8'),
  )
  const calls = sources.flatMap((text) => [
    ...text.matchAll(/\blog\.(?:debug|info|warn|error)\(\s*(?:`[^`]*`|'[^']*'|[\w.]+),\s*\{([^]*?)\}\s*\)/g),
  ])
  const named = calls.flatMap(([, fields = '']) =>
    [...fields.matchAll(/(?<=^\s*|[{,]\s*)(\w+)(?=\s*(?:[:,}]|$))/g)].map(([, name = '']) => name),
  )
  assert.ok(named.includes('code') && named.includes('workers'), named.join())
  assert.deepEqual(
    named.filter((name) => !Object.hasOwn(LOG_FIELDS, name)),
    [],
  )
})

test('every field of a line about membership is in the reference', () => {
  const states = (state: EndpointView['state'], ...more: [string, EndpointView['state']][]): Membership =>
    new Map([
      [
        'web@file',
        new Map([
          ['a', { url: 'http://a', state }],
          ...more.map(([key, other]) => [key, { url: `http://${key}`, state: other }] as const),
        ]),
      ],
    ])
  const before = states('ready', ['b', 'unhealthy'], ['c', 'ready'], ['d', 'draining'])
  const after = states('unhealthy', ['b', 'ready'], ['c', 'draining'], ['e', 'ready'])
  const fields = [...membershipLines(before, after)].flatMap((line) => Object.keys(line.fields))
  for (const change of ['joined', 'up', 'down', 'draining', 'left'])
    assert.ok(fields.includes(change), fields.join())
  assert.deepEqual(
    fields.filter((name) => !Object.hasOwn(LOG_FIELDS, name)),
    [],
  )
})
