/** One fenced block of a document, and what its comment says is to be done with it. */
export interface Snippet {
  /** 1-based, of the opening fence. */
  readonly line: number
  readonly language: string
  readonly text: string
  readonly use: Use
}

/**
 * The comment in front of a fence. `file` writes it into the folder, and has it checked when it is configuration, unless
 * it is meant to be `with mistakes`; `run` runs it to its end; `stays` leaves it
 * running and goes on once it has printed what it `until` says; `ask` runs a question again until the answer is the
 * one below; `answer` is what the snippet before prints; `tags` are those of an instance; `not run` has its reason;
 * `run by` names the test that does all that in another way.
 */
export type Use =
  | { readonly kind: 'file'; readonly name: string; readonly checked: boolean }
  | { readonly kind: 'run'; readonly exit: number }
  | { readonly kind: 'stays'; readonly until: string }
  | { readonly kind: 'ask' | 'answer' | 'tags' }
  | { readonly kind: 'not run'; readonly reason: string }
  | { readonly kind: 'run by'; readonly test: string }

/** What a document needs besides an empty folder: a running peer, or a copy of the sources. */
export type Need = 'consul' | 'etcd' | 'redis' | 'moto' | 'copy'

export interface SnippetDocument {
  readonly needs: readonly Need[]
  readonly snippets: readonly Snippet[]
}

const FENCE = /^(?:<!-- (?<comment>[^\n]*?) -->\n+)?```(?<info>[^\n]*)\n(?<text>[^]*?)^```$/gm

/**
 * All fences of a document in Markdown.
 * @throws Error for a fence that does not say how it is run, with its line
 */
export function snippetsOf(markdown: string): SnippetDocument {
  const needs = /^<!-- needs: (.*?) -->$/m.exec(markdown)?.[1]?.split(', ') ?? []
  for (const need of needs) if (!isNeed(need)) throw new Error(`needs: nobody knows \`${need}\``)
  const elsewhere = /^<!-- all run by: (.+?) -->$/m.exec(markdown)?.[1]
  const snippets = [...markdown.matchAll(FENCE)].map((match) => {
    const { comment, info = '', text = '' } = match.groups!
    const line = markdown.slice(0, match.index + match[0].indexOf('```')).split('\n').length
    const use: Use = elsewhere === undefined ? useOf(comment, line) : { kind: 'run by', test: elsewhere }
    return { line, language: info.split(' ')[0]!, text, use }
  })
  return { needs: needs.filter(isNeed), snippets }
}

function isNeed(word: string): word is Need {
  return ['consul', 'etcd', 'redis', 'moto', 'copy'].includes(word)
}

function useOf(comment: string | undefined, line: number): Use {
  const [, kind = '', rest = ''] =
    /^(file|run by|run|stays|ask|answer|tags|not run)(?:: (.*))?$/.exec(comment ?? '') ?? []
  switch (kind) {
    case 'file': {
      const [name = '', note = ''] = rest.split(', ')
      if (name === '' || !['', 'with mistakes'].includes(note)) break
      return { kind, name, checked: note === '' && /\.(?:ya?ml|toml)$/.test(name) }
    }
    case 'run': {
      const exit = rest === '' ? '0' : /^exits (\d+)$/.exec(rest)?.[1]
      if (exit === undefined) break
      return { kind, exit: Number(exit) }
    }
    case 'stays': {
      const until = /^until "(.+)"$/.exec(rest)?.[1]
      if (until === undefined) break
      return { kind, until }
    }
    case 'ask':
    case 'answer':
    case 'tags':
      if (rest !== '') break
      return { kind }
    case 'not run':
      if (rest.length < 10) break
      return { kind, reason: rest }
    case 'run by':
      if (rest === '') break
      return { kind, test: rest }
    default:
  }
  throw new Error(
    `line ${line}: ${comment === undefined ? 'the snippet does not say' : `\`${comment}\` does not say`} how it is run; put one of these in front of it: ${FORMS.join(' ')}`,
  )
}

const FORMS = [
  '<!-- file: NAME -->',
  '<!-- run -->',
  '<!-- run: exits 1 -->',
  '<!-- stays: until "WORDS" -->',
  '<!-- ask -->',
  '<!-- answer -->',
  '<!-- tags -->',
  '<!-- not run: REASON -->',
  '<!-- run by: TEST -->',
  'or, once for the whole document, <!-- all run by: TEST -->',
]
