import { Document, isCollection, isMap, isScalar, isSeq } from 'yaml'
import type { Node } from 'yaml'

/** What is to be said at the end of the line of a value; undefined: nothing. */
export type CommentOf = (path: readonly string[]) => string | undefined

/** Plain data as YAML, long lines left whole. */
export function writeYaml(value: unknown, commentOf: CommentOf = () => undefined): string {
  const document = new Document(value, { aliasDuplicateObjects: false })
  if (document.contents) comment(document.contents as Node, [], commentOf)
  return document.toString({ lineWidth: 0 })
}

function comment(node: Node, path: readonly string[], commentOf: CommentOf): void {
  const isLeaf = isScalar(node) || (isCollection(node) && node.items.length === 0)
  if (isLeaf && path.length > 0) {
    const text = commentOf(path)
    if (text !== undefined) node.comment = ` ${text}`
  }
  if (isMap(node))
    for (const { key, value } of node.items) comment(value as Node, [...path, String(key)], commentOf)
  if (isSeq(node)) node.items.forEach((item, i) => comment(item as Node, [...path, String(i)], commentOf))
}
