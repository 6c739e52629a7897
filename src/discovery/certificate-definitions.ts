import { decode } from '../config/decode.ts'
import { fields } from '../config/fields.ts'
import type { Origin, Problem } from '../config/problem.ts'
import { child, originWithKey } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import { didYouMean } from '../config/suggest.ts'
import { certificateOptions, storeOptions, TLS_SECTIONS } from '../config/tls.ts'
import { complain } from './complaint.ts'
import type { Source } from './source.ts'

/** A certificate that a file asks for; it has not been read yet. */
export interface CertificateDefinition {
  /** Path of a PEM file, or PEM text. Never shown when it is text. */
  readonly certFile: string
  /** Path of a PEM file, or PEM text. Never shown when it is text. */
  readonly keyFile: string
  /** For clients that no other certificate is for. */
  readonly isDefault: boolean
  readonly origin: Origin
}

export interface CertificateDefinitions {
  readonly definitions: readonly CertificateDefinition[]
  readonly problems: readonly Problem[]
}

const ofParts = new WeakMap<SourceNode, CertificateDefinitions>()

/**
 * The certificates of all routing parts, in order. Instances are not asked: whoever registers a service names no
 * file on this machine. What has not changed keeps its identity.
 */
export function certificateDefinitions(sources: readonly Source[]): CertificateDefinitions {
  const parts = sources.flatMap(({ routing }) => routing.map(({ node }) => definitionsOf(node)))
  const definitions = parts.flatMap((part) => part.definitions)
  const problems = parts.flatMap((part) => part.problems)
  const [first, ...others] = definitions.filter(({ isDefault }) => isDefault)
  for (const { origin } of others) problems.push(secondDefault(origin))
  return { definitions: definitions.filter((one) => !one.isDefault || one === first), problems }
}

function definitionsOf(root: SourceNode): CertificateDefinitions {
  const known = ofParts.get(root)
  if (known) return known
  const tls = child(root, 'tls')
  const made = tls === undefined ? NOTHING : readTls(tls)
  ofParts.set(root, made)
  return made
}

const NOTHING: CertificateDefinitions = { definitions: [], problems: [] }

function readTls(tls: SourceNode): CertificateDefinitions {
  if (tls.kind !== 'section') return isEmpty(tls) ? NOTHING : wrongKind('`tls`', 'a section', tls.origin)
  const found = [...tls.entries].map(([key, value]) => {
    const name = key.toLowerCase()
    if (name === 'certificates') return readCertificates(value)
    if (name === 'stores') return readStores(value)
    return { definitions: [], problems: [notRead(key, value)] }
  })
  return merged(found)
}

/** One by one: a wrong certificate costs only itself. */
function readCertificates(node: SourceNode): CertificateDefinitions {
  if (isEmpty(node)) return NOTHING
  const items = node.kind === 'list' ? node.items : indexed(node)
  if (!items) return wrongKind('`tls.certificates`', 'a list', node.origin)
  return merged(items.map((item, i) => readCertificate(item, `tls.certificates[${i}]`)))
}

/** Stores of keys write lists as sections whose keys are indexes. */
function indexed(node: SourceNode): SourceNode[] | undefined {
  if (node.kind !== 'section' || ![...node.entries.keys()].every((key) => /^\d+$/.test(key))) return undefined
  return [...node.entries].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item)
}

function readCertificate(node: SourceNode, resource: string): CertificateDefinitions {
  const { value, problems } = decode(certificateOptions(fields), node, { resource })
  if (!value) return { definitions: [], problems }
  const { certFile, keyFile, stores } = value
  if (stores.length === 0 || stores.includes('default')) {
    return { definitions: [{ certFile, keyFile, isDefault: false, origin: node.origin }], problems }
  }
  const unused = complain({
    code: 'E106',
    severity: 'warning',
    origin: child(node, 'stores')?.origin ?? node.origin,
    resource,
    message: `the certificate has no effect: it is put into ${stores.map((name) => `\`${name}\``).join(', ')}, and only the store \`default\` is used`,
    remedy: 'remove `stores`',
  })
  return { definitions: [], problems: [...problems, unused] }
}

function readStores(node: SourceNode): CertificateDefinitions {
  if (isEmpty(node)) return NOTHING
  if (node.kind !== 'section') return wrongKind('`tls.stores`', 'a section', node.origin)
  return merged([...node.entries].map(([name, value]) => readStore(name, value)))
}

function readStore(name: string, node: SourceNode): CertificateDefinitions {
  const origin = originWithKey(node)
  if (name.toLowerCase() !== 'default') {
    const message = `\`tls.stores.${name}\` has no effect: only the store \`default\` is used`
    const remedy = didYouMean(name, ['default']) ?? 'remove it'
    return {
      definitions: [],
      problems: [complain({ code: 'E106', severity: 'warning', origin, message, remedy })],
    }
  }
  const { value, problems } = decode(storeOptions(fields), node, { resource: 'tls.stores.default' })
  const pair = value?.defaultCertificate
  const place = child(node, 'defaultCertificate')?.origin ?? origin
  return { definitions: pair ? [{ ...pair, isDefault: true, origin: place }] : [], problems }
}

function notRead(key: string, value: SourceNode): Problem {
  const origin = originWithKey(value)
  if (key.toLowerCase() === 'options') {
    const message = '`tls.options` is understood but not built yet (TLS options)'
    const remedy = 'remove it, or accept that it has no effect'
    return complain({ code: 'E105', severity: 'warning', origin, message, remedy })
  }
  const remedy = didYouMean(key, TLS_SECTIONS) ?? `known here: ${TLS_SECTIONS.join(', ')}`
  return complain({ code: 'E101', origin, message: `unknown key \`${key}\` in \`tls\``, remedy })
}

function secondDefault(origin: Origin): Problem {
  return complain({
    code: 'E209',
    origin,
    message: 'the default certificate is defined more than once; the first definition counts',
    remedy: 'remove all but one `tls.stores.default.defaultCertificate`',
  })
}

function wrongKind(what: string, expected: string, origin: Origin): CertificateDefinitions {
  return {
    definitions: [],
    problems: [complain({ code: 'E102', origin, message: `${what}: expected ${expected}` })],
  }
}

function isEmpty(node: SourceNode): boolean {
  return node.kind === 'scalar' && (node.value === null || node.value === '')
}

function merged(all: readonly CertificateDefinitions[]): CertificateDefinitions {
  return {
    definitions: all.flatMap(({ definitions }) => definitions),
    problems: all.flatMap(({ problems }) => problems),
  }
}
