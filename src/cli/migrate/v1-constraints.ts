/** `tag==api`, `tag!=us-*` of Traefik 1 in today's words; undefined when it is none. */
export function normalizeConstraint(text: string, noun: 'Tag' | 'Label'): string | undefined {
  const [, operator, value = ''] = /^\s*tag\s*(==|!=)\s*(\S+)\s*$/i.exec(text) ?? []
  if (operator === undefined || value.includes('`')) return undefined
  // Labels of containers hold the tags of version 1 in one of their own.
  const key = noun === 'Label' ? '`traefik.tags`, ' : ''
  const call = value.includes('*')
    ? `${noun}Regex(${key}\`^${value.split('*').map(escaped).join('.*')}$\`)`
    : `${noun}(${key}\`${value}\`)`
  return operator === '==' ? call : `!${call}`
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^$()|[\]\\{}]/g, String.raw`\$&`)
}
