import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileTemplate } from '../../src/discovery/template/template.ts'
import type { TemplateData, TemplateFault } from '../../src/discovery/template/template.ts'

const DATA: TemplateData = {
  Name: 'My_Service',
  App: 'my-service',
  Tag: 'v1',
  Env: 'dev',
  Domain: 'example.com',
  Address: '10.0.0.1',
  ID: 'web-1',
  Labels: new Map([
    ['traefik.team', 'Blue'],
    ['a', '1'],
    ['empty', ''],
  ]),
  Meta: new Map([['version', 'v7']]),
}

function render(source: string, data: Partial<TemplateData> = {}) {
  const compiled = compileTemplate(source)
  assert.ok('template' in compiled, `${source}: ${'error' in compiled ? compiled.error.message : ''}`)
  return compiled.template.render({ ...DATA, ...data })
}

function faultOf(source: string): TemplateFault {
  const compiled = compileTemplate(source)
  assert.ok('error' in compiled, `${source} was accepted`)
  return compiled.error
}

const rendered: readonly (readonly [source: string, expected: string])[] = [
  ['', ''],
  ['plain }} text', 'plain }} text'],
  ['Host(`{{ normalize .Name }}`)', 'Host(`My-Service`)'],
  ['{{ .Name }}-{{ tag }}.{{ env }}.{{ domain }}|{{ app }}', 'My_Service-v1.dev.example.com|my-service'],
  ['a {{- /* said in passing */ -}} b', 'ab'],
  ['a {{/* } */}} b', 'a  b'],
  ['a\n  {{- .Tag -}}\n b', 'av1b'],
  ['{{ $x := .Tag }}{{ $x }}{{ $x = "w" }}{{ $x }}', 'v1w'],
  ['{{ if .Tag }}yes{{ else }}no{{ end }}', 'yes'],
  ['{{ if eq .Tag "v2" "v1" }}yes{{ end }}', 'yes'],
  ['{{ if and .Tag (not .Env) }}a{{ else if or .Env .Tag }}b{{ else }}c{{ end }}', 'b'],
  ['{{ with .Meta.version }}{{ . }}{{ $.Tag }}{{ end }}', 'v7v1'],
  ['{{ with .Meta.none }}{{ . }}{{ else }}none{{ end }}', 'none'],
  ['{{ range $k, $v := .Labels }}[{{ $k }}={{ $v }}]{{ end }}', '[a=1][empty=][traefik.team=Blue]'],
  [
    '{{ range splitList "," "a,b,c,d" }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ if eq . "d" }}{{ break }}{{ end }}{{ . }}{{ end }}',
    'ac',
  ],
  ['{{ range splitList "," "a,b" }}{{ $x := . }}{{ $x }}{{ else }}none{{ end }}', 'ab'],
  ['{{ range .Meta.none }}x{{ else }}none{{ end }}', 'none'],
  ['{{ index .Labels "traefik.team" | lower }}', 'blue'],
  ['{{ index .Labels "no" | default "none" }}', 'none'],
  ['{{ coalesce (index .Labels "no") .Tag }}', 'v1'],
  ['{{ ternary "a" "b" (gt (len .Name) 3) }}', 'a'],
  ['{{ printf "%s-%05d%%%-4s|" .Tag 42 "x" }}', 'v1-00042%x   |'],
  ['{{ "a.b.c" | replace "." "-" | upper | trimPrefix "A" | trimSuffix "C" }}', '-B-'],
  ['{{ regexReplaceAll "[^a-z]+" (lower .Name) "-" }}', 'my-service'],
  ['{{ first (splitList "." domain) }}{{ last (splitList "." domain) }}', 'examplecom'],
  ['{{ join "-" (splitList "." "a.b") }}{{ trunc 2 "abc" }}{{ trunc -2 "abc" }}', 'a-babbc'],
  ['{{ hasPrefix "My" .Name }}{{ hasSuffix "My" .Name }}{{ contains "_" .Name }}', 'truefalsetrue'],
  ['{{ title "two words" }}{{ trim " x " }}', 'Two Wordsx'],
  ['Host({{ quote .Tag }})', 'Host("v1")'],
  ['{{ printf "Host(`%s`)" .Tag }}', 'Host(`v1`)'],
  ['{{ printf "Path(`" }}{{ .Tag }}`)', 'Path(`v1`)'],
  ['Path("a\\"{{ .Tag }}")', 'Path("a\\"v1")'],
  ['{{ "\\u0041\\x42" }}{{ `raw\\` }}', 'ABraw\\'],
  ['{{ nil }}{{ true }}{{ -3 }}{{ 1.5 }}', 'true-31.5'],
  // Of Object's own properties none is a field of a map.
  ['{{ index .Labels "__proto__" }}{{ .Labels.constructor }}{{ .Meta.toString }}', ''],
]

for (const [source, expected] of rendered) {
  test(`renders ${source}`, () => assert.deepEqual(render(source), { text: expected }))
}

const faults: readonly (readonly [source: string, offset: number, message: RegExp, suggestion?: string])[] = [
  ['Host(`{{ normalise .Name }}`)', 9, /no function `normalise`/, 'normalize'],
  ['{{ .Nme }}', 3, /no field `\.Nme`/, 'Name'],
  ['{{ $.Tags }}', 4, /no field/, 'Tag'],
  ['{{ .constructor }}', 3, /no field/],
  ['{{ .__proto__ }}', 3, /no field/],
  ['{{ env "HOME" }}', 3, /takes 0 arguments, not 1/],
  ['{{ lower }}', 3, /takes 1 argument, not 0/],
  ['{{ "a" | replace "b" }}', 9, /takes 3 arguments, not 2/],
  ['{{ "a" | .Name }}', 9, /only a function/],
  ['{{ .Name', 0, /not closed/],
  ['{{ "abc }}', 3, /string is not closed/],
  ['{{ /* abc }}', 0, /comment is not closed/],
  ['{{ }}', 0, /empty/],
  ['{{ if .Tag }}', 3, /has no `end`/],
  ['{{ end }}', 3, /no beginning/],
  ['{{ else }}', 3, /no beginning/],
  ['{{ break }}', 3, /outside of a range/],
  ['{{ template "x" }}', 3, /not supported/],
  ['{{ $x }}', 3, /no variable/],
  ['{{ if .Tag }}{{ $x := 1 }}{{ end }}{{ $x }}', 38, /no variable/],
  ['{{ $x = 1 }}', 3, /no variable/],
  ['{{ (.Tag }}', 3, /not closed/],
  ['{{ .Tag) }}', 7, /not expected/],
  ['{{ .Tag .Env }}', 8, /not expected/],
  ['{{ .Tag ; }}', 8, /cannot stand/],
  ['{{ call .Name }}', 3, /no function/],
  ['{{ "\\q" }}', 4, /escape/],
  [`${'{{ if true }}'.repeat(60)}${'{{ end }}'.repeat(60)}`, 653, /deep/],
  [`{{ ${'('.repeat(60)}1${')'.repeat(60)} }}`, 53, /deep/],
  ['x'.repeat(20_000), 16_384, /longer/],
]

for (const [source, offset, message, suggestion] of faults) {
  test(`refuses ${source.slice(0, 60)}`, () => {
    const fault = faultOf(source)
    assert.match(fault.message, message)
    assert.deepEqual([fault.offset, fault.suggestion], [offset, suggestion])
  })
}

const hostile: readonly (readonly [name: string, source: string, data: Partial<TemplateData>])[] = [
  ['a back-tick in a literal', 'Host(`{{ .Name }}`)', { Name: 'a`) || Host(`b' }],
  ['a quote in a literal', 'Path("{{ .Name }}")', { Name: 'a") || Path("/' }],
  ['a backslash before a quote', 'Path("{{ .Name }}")', { Name: 'a\\' }],
  ['a literal made by printf', '{{ printf "Path(`%s`)" .Name }}', { Name: 'a`) || Path(`/' }],
  ['through a variable', '{{ $x := .Name }}{{ printf "Path(`%s`)" $x }}', { Name: 'a`) || Path(`/' }],
  ['through a map', '{{ printf "Path(`%s`)" (index .Labels "k") }}', { Labels: new Map([['k', '`']]) }],
  [
    'through a loop',
    '{{ range .Labels }}{{ printf "Path(`%s`)" . }}{{ end }}',
    { Labels: new Map([['k', '`']]) },
  ],
  [
    'through the keys of a loop',
    '{{ range $k, $v := .Labels }}{{ printf "Path(`%s`)" $k }}{{ end }}',
    { Labels: new Map([['`', 'v']]) },
  ],
  ['a back-tick made by replace', 'Path(`{{ replace "x" "`" .Name }}`)', { Name: 'ax) || Path(x/' }],
  ['a line break', 'Path(`{{ .Name }}`)', { Name: 'a\nb' }],
  ['a character that is not seen', 'Path(`{{ .Name }}`)', { Name: 'a\u202eb' }],
  ['half a character', 'Path(`{{ .Name }}`)', { Name: 'a\ud800' }],
  ['a wildcard', 'Host(`{{ .Name }}.example.com`)', { Name: '*' }],
  ['a text that is too long', 'Path(`{{ .Name }}`)', { Name: 'a'.repeat(20_000) }],
  [
    'an output that is too long',
    '{{ range splitList "" .Name }}{{ $.Name }}{{ end }}',
    { Name: 'a'.repeat(500) },
  ],
  [
    'loops within loops',
    '{{ range splitList "" .Name }}{{ range splitList "" $.Name }}{{ range splitList "" $.Name }}{{ end }}{{ end }}{{ end }}',
    { Name: 'a'.repeat(500) },
  ],
  [
    'a text that grows',
    '{{ $x := .Name | replace "a" "aaaaaaaaaaaaaaaaaaaaaaaaa" | replace "a" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }}',
    { Name: 'a'.repeat(100) },
  ],
  ['a field of a text', '{{ with .Name }}{{ .Foo }}{{ end }}', {}],
  ['a list where a text should be', '{{ splitList "" .Name }}', {}],
  ['an expression that is malformed', '{{ regexReplaceAll .Name "x" "y" }}', { Name: '(' }],
]

for (const [name, source, data] of hostile) {
  test(`data cannot harm: ${name}`, () => {
    const result = render(source, data)
    assert.ok('error' in result && result.error.length > 0, JSON.stringify(result))
  })
}

test('no template makes compiling or rendering throw', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    '{{-',
    '-}}',
    ' ',
    '`',
    '"',
    '(',
    ')',
    '|',
    '.',
    '$',
    ':=',
    '=',
    ',',
    'if',
    'else',
    'end',
    'range',
    'with',
    'break',
    '.Name',
    '.Labels',
    'index',
    'printf',
    'eq',
    '$x',
    '1',
    '"a"',
    'replace',
    'Host(`',
    '/*',
    '*/',
    '\\',
  )
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }),
      fc.string({ unit: 'binary' }),
      (pieces, Name) => {
        const compiled = compileTemplate(pieces.join(' '))
        if ('template' in compiled) compiled.template.render({ ...DATA, Name })
        else assert.ok(compiled.error.message.length > 0)
      },
    ),
  )
})

test('whatever the data, a literal ends where the template ends it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (Name) => {
      const result = render('Host(`{{ .Name }}`) && Path("/{{ .Name }}")', { Name })
      if ('text' in result)
        assert.equal(result.text.replace(/^Host\(`[^`]*`\) && Path\("[^"\\]*"\)$/, ''), '')
    }),
  )
})
