import { evaluate } from './evaluator.ts'
import { parseTemplate } from './parser.ts'
import { TemplateError } from './tree.ts'
import type { Value } from './tree.ts'
import { RenderError } from './values.ts'

/** What a default rule can be made of. */
export interface TemplateData {
  readonly Name: string
  /** Keys in full, prefix included. */
  readonly Labels: ReadonlyMap<string, string>
  readonly Domain: string
  readonly Tag: string
  readonly Env: string
  readonly App: string
  readonly Address: string
  readonly ID: string
  readonly Meta: ReadonlyMap<string, string>
}

const FIELDS = [
  'Name',
  'Labels',
  'Domain',
  'Tag',
  'Env',
  'App',
  'Address',
  'ID',
  'Meta',
] as const satisfies readonly (keyof TemplateData)[]

export interface Template {
  /** The rule, or why there is none: a sentence that continues "the default rule cannot be used:". */
  render(data: TemplateData): { readonly text: string } | { readonly error: string }
}

/** What is wrong with a template; `offset` counts characters from 0, `suggestion` is the nearest known word. */
export interface TemplateFault {
  readonly offset: number
  readonly message: string
  readonly suggestion?: string
}

export type CompiledTemplate = { readonly template: Template } | { readonly error: TemplateFault }

const LONGEST_TEMPLATE = 16_384

/**
 * Compiles a rule template in the subset of Go's text/template that default rules use. Never throws. Rendering runs
 * in bounded steps, reaches nothing but the data, and refuses data that could change what the rule means.
 */
export function compileTemplate(text: string): CompiledTemplate {
  if (text.length > LONGEST_TEMPLATE) {
    return {
      error: {
        offset: LONGEST_TEMPLATE,
        message: `the template is longer than ${LONGEST_TEMPLATE} characters`,
      },
    }
  }
  try {
    const body = parseTemplate(text, FIELDS)
    return { template: { render: (data) => render(() => evaluate(body, toRoot(data))) } }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    const { offset, message, suggestion } = error
    return { error: { offset, message, ...(suggestion === undefined ? {} : { suggestion }) } }
  }
}

function toRoot(data: TemplateData): ReadonlyMap<string, Value> {
  return new Map<string, Value>(FIELDS.map((name) => [name, data[name]]))
}

function render(evaluation: () => string): { readonly text: string } | { readonly error: string } {
  try {
    return { text: evaluation() }
  } catch (error) {
    if (error instanceof RenderError) return { error: error.message }
    throw error
  }
}
