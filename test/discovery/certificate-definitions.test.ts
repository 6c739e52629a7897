import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeOrigin } from '../../src/config/problem.ts'
import { fromPlain } from '../../src/config/source-tree.ts'
import { certificateDefinitions } from '../../src/discovery/certificate-definitions.ts'
import { fileSource } from './given-sources.ts'

/** What parts with these `tls` sections ask for, and the codes of what is wrong. */
function read(...sections: readonly unknown[]): { files: string[]; codes: string[] } {
  const parts = sections.map((tls, i) => ({
    part: `${i}.yml`,
    node: fromPlain({ tls }, { source: `${i}.yml`, line: 1 }),
  }))
  const { definitions, problems } = certificateDefinitions([fileSource(...parts)])
  for (const { origin } of problems) assert.match(describeOrigin(origin), /yml:1$/)
  return {
    files: definitions.map(({ certFile, isDefault }) => (isDefault ? `${certFile} by default` : certFile)),
    codes: problems.map(({ code }) => code),
  }
}

const A = { certFile: 'a', keyFile: 'k' }
const cases: [name: string, sections: unknown[], files: string[], codes: string[]][] = [
  ['nothing', [{}], [], []],
  ['null', [null], [], []],
  ['a certificate', [{ certificates: [A] }], ['a'], []],
  ['keys in any case', [{ Certificates: [{ CertFile: 'a', KEYFILE: 'k' }] }], ['a'], []],
  ['as a store has lists', [{ certificates: { 1: { ...A, certFile: 'b' }, 0: A } }], ['a', 'b'], []],
  ['a default one', [{ stores: { default: { defaultCertificate: A } } }], ['a by default'], []],
  [
    'two default ones',
    Array(2).fill({ stores: { default: { defaultCertificate: A } } }),
    ['a by default'],
    ['E209'],
  ],
  ['the default store by name', [{ certificates: [{ ...A, stores: ['default'] }] }], ['a'], []],
  ['another store', [{ certificates: [{ ...A, stores: ['x'] }], stores: { x: {} } }], [], ['E106', 'E106']],
  ['no key', [{ certificates: [{ certFile: 'a' }, A] }], ['a'], ['E103']],
  ['a wrong type', [{ certificates: [{ ...A, certFile: ['a'] }] }], [], ['E102']],
  ['an unknown key', [{ certificates: [{ ...A, keyfil: 'x' }], certs: 1 }], ['a'], ['E101', 'E101']],
  [
    'what is not built yet',
    [{ options: { default: {} }, stores: { default: { defaultGeneratedCert: {} } } }],
    [],
    ['E105', 'E105'],
  ],
  ['text for a section', ['x'], [], ['E102']],
  ['text for certificates and stores', [{ certificates: 'x', stores: 'y' }], [], ['E102', 'E102']],
]
for (const [name, sections, files, codes] of cases) {
  test(`tls: ${name}`, () => assert.deepEqual(read(...sections), { files, codes }))
}
