import { Argument, Command } from 'commander'
import type { CliContext, CommandFactory } from './context.ts'
import { loadForCli, ownFlags, report } from './static-config.ts'

/** `tidegate config`: what holds, and what may be written. */
export const configCommand: CommandFactory = (context, exit) => {
  const command = new Command('config')
    .description('show the configuration that holds, or what may be written')
    .addHelpText('after', EXAMPLES)
  command.addCommand(showCommand(context, exit))
  command.addCommand(schemaCommand(context, exit))
  return command
}

const EXAMPLES = `
Examples:
  tidegate config show --origin --configFile=/etc/tidegate/tidegate.yml
  tidegate config schema dynamic > tidegate.schema.json

Exit code: 0 done, 1 there are errors.`

const showCommand: CommandFactory = (context, exit) =>
  new Command('show')
    .description('print the static configuration with all defaults, secrets masked')
    .usage('[--origin] [--configFile=FILE] [--any.static.option=VALUE …]')
    .argument('[flags...]', 'the same static options that `run` is given')
    .option('--origin', 'say behind each value where it comes from')
    .allowUnknownOption()
    .addHelpText('after', SHOW_EXAMPLES)
    .action(async (flags: string[], { origin }: { origin?: true }, command: Command) =>
      exit(await show(context, flags, origin === true, command)),
    )

const SHOW_EXAMPLES = `
Examples:
  tidegate config show --configFile=/etc/tidegate/tidegate.yml
  TIDEGATE_LOG_LEVEL=debug tidegate config show --origin --ping

Exit code: 0 valid, 1 there are errors, and nothing is shown.`

const schemaCommand: CommandFactory = (context, exit) =>
  new Command('schema')
    .description('print the JSON Schema of static or dynamic files, for editors')
    .addArgument(new Argument('[kind]', 'of which files').choices(['static', 'dynamic']).default('static'))
    .addHelpText('after', SCHEMA_EXAMPLES)
    .action(async (kind: 'static' | 'dynamic') => exit(await printSchema(context, kind)))

const SCHEMA_EXAMPLES = `
Examples:
  tidegate config schema > tidegate.schema.json
  tidegate config schema dynamic > routes.schema.json

In a YAML file: # yaml-language-server: $schema=./tidegate.schema.json

Exit code: 0.`

async function show(
  context: CliContext,
  flags: readonly string[],
  withOrigins: boolean,
  command: Command,
): Promise<number> {
  const loaded = ownFlags(await loadForCli(context, flags), command)
  report(context, loaded.problems)
  if (!loaded.config) return 1
  const { effectiveConfig } = await import('./effective-config.ts')
  context.out(effectiveConfig({ ...loaded, config: loaded.config }, withOrigins))
  return 0
}

async function printSchema(context: CliContext, kind: 'static' | 'dynamic'): Promise<number> {
  const [{ jsonSchemaOf }, schema] = await Promise.all([import('../config/json-schema.ts'), schemaOf(kind)])
  const made = jsonSchemaOf(schema, `Tidegate, ${kind} configuration`)
  context.out(`${JSON.stringify(made, undefined, 2)}\n`)
  return 0
}

async function schemaOf(kind: 'static' | 'dynamic') {
  if (kind === 'dynamic') return (await import('./dynamic-schema.ts')).dynamicSchema()
  const [{ staticSchema }, { allProviders, providerShapes }] = await Promise.all([
    import('../config/static.ts'),
    import('../provider-catalogue.ts'),
  ])
  return staticSchema(providerShapes(await allProviders()))
}
