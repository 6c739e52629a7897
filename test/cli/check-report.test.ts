import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkAsGithub, checkAsJson } from '../../src/cli/check-report.ts'
import type { Problem } from '../../src/config/problem.ts'

const IN_FILE: Problem = {
  code: 'E202',
  severity: 'error',
  message: 'unknown matcher `Hots`',
  remedy: 'did you mean `Host`?',
  origin: { source: 'routes/a,b.yml', line: 3, column: 16 },
  resource: 'router a@file',
}
const IN_TAG: Problem = {
  code: 'E301',
  severity: 'warning',
  message: '100% wrong\n::error::forged',
  origin: { source: 'consulcatalog', instance: 'web-1', key: 'traefik.enable=tru' },
}

test('github: a note at its line, for a tag one without; nothing can be forged', () => {
  assert.equal(
    checkAsGithub([IN_FILE, IN_TAG]),
    '::error file=routes/a%2Cb.yml,line=3,col=16,title=E202 unknown matcher::unknown matcher `Hots` (router a@file)%0A→ did you mean `Host`?%0Asee docs/reference/problems.md#e202\n' +
      '::warning title=E301 tag is not understood::tag traefik.enable=tru of web-1 (consulcatalog): 100%25 wrong%0A::error::forged%0Asee docs/reference/problems.md#e301\n',
  )
})

test('json: everything that text tells, and where the code is explained', () => {
  const text = checkAsJson({
    problems: [IN_FILE],
    subject: 'a.yml',
    code: 1,
    unread: ['ecs'],
    diff: undefined,
  })
  assert.deepEqual(JSON.parse(text), {
    subject: 'a.yml',
    valid: false,
    exitCode: 1,
    errors: 1,
    warnings: 0,
    notRead: ['ecs'],
    problems: [
      {
        code: 'E202',
        title: 'unknown matcher',
        severity: 'error',
        message: 'unknown matcher `Hots`',
        remedy: 'did you mean `Host`?',
        place: 'routes/a,b.yml:3:16',
        origin: { source: 'routes/a,b.yml', line: 3, column: 16 },
        resource: 'router a@file',
        docs: 'docs/reference/problems.md#e202',
      },
    ],
  })
})
