import { DockerfileParser, ModifiableInstruction, PropertyInstruction } from 'dockerfile-ast'
import type { Dockerfile, Instruction } from 'dockerfile-ast'

/** One instruction of a Dockerfile, with variables of the build replaced. */
export interface Step {
  /** In capitals, such as `COPY`. */
  readonly keyword: string
  readonly line: number
  readonly args: readonly string[]
  /** Of the form in brackets. */
  readonly json: readonly string[]
  readonly flags: Readonly<Record<string, string>>
  /** Of ENV, LABEL and ARG. */
  readonly properties: Readonly<Record<string, string>>
  /** What follows the keyword, as it is written, on one line. */
  readonly text: string
}

export interface Stage {
  readonly image: string
  readonly name: string | undefined
  readonly steps: readonly Step[]
}

/** The stages of a Dockerfile, the last of which is the image. */
export function parseDockerfile(text: string): Stage[] {
  const dockerfile = DockerfileParser.parse(text)
  const stages: { image: string; name: string | undefined; steps: Step[] }[] = []
  for (const instruction of dockerfile.getInstructions()) {
    const step = stepOf(instruction, dockerfile)
    const [image = '', as, name] = step.args
    if (step.keyword === 'FROM')
      stages.push({ image, name: as?.toUpperCase() === 'AS' ? name : undefined, steps: [] })
    else stages.at(-1)?.steps.push(step)
  }
  return stages
}

function stepOf(instruction: Instruction, dockerfile: Dockerfile): Step {
  const { line } = instruction.getRange().start
  const text = (instruction.getArgumentsContent() ?? '').replace(/\\\n\s*/g, ' ')
  const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : []
  const properties = instruction instanceof PropertyInstruction ? instruction.getProperties() : []
  const expand = (value: string): string =>
    value.replace(/\$\{(\w+)\}/g, (_, name: string) => dockerfile.resolveVariable(name, line) ?? '')
  return {
    keyword: instruction.getKeyword(),
    line: line + 1,
    args: instruction.getExpandedArguments().map((argument) => argument.getValue()),
    json: jsonOf(text),
    flags: Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
    properties: Object.fromEntries(
      // With a variable in them, the parser leaves quotes where they are.
      properties.map((property) => [
        property.getName(),
        expand((property.getUnescapedValue() ?? '').replace(/^"(.*)"$/, '$1')),
      ]),
    ),
    text,
  }
}

function jsonOf(text: string): string[] {
  const found = /^(?:CMD\s+)?(\[.*\])$/.exec(text.trim())?.[1]
  return found === undefined ? [] : (JSON.parse(found) as string[])
}
