import { resolve } from 'node:path'
import type { Problem } from '../src/config/problem.ts'
import { defineProvider } from '../src/discovery/provider.ts'
import type { ProviderTools, Update } from '../src/discovery/provider.ts'
import { Changes } from './file/changes.ts'
import type { Cause } from './file/changes.ts'
import { warning } from './file/problems.ts'
import { FileSource } from './file/source.ts'

export default defineProvider({
  summary: 'Reads routers, services, middlewares and instances from files, and follows their changes.',
  options: (field) => ({
    filename: field.file('One file to read: YAML, TOML or JSON, told by its ending.').default(''),
    directory: field.file('A directory whose files are read, with all below it.').default(''),
    watch: field.boolean('Follows changes; otherwise files are read at start and on SIGHUP.').default(true),
    debugLogGeneratedTemplate: field
      .boolean('Accepted without effect: templates in files are not read.')
      .default(false),
  }),
  tagged: true,
  trusted: true,
  create: ({ filename, directory, watch }, tools) => {
    if (filename === '' && directory === '') return nothingNamed(tools)
    const single = directory === ''
    const source = new FileSource(
      single ? filename : directory,
      single,
      filename === '' || single ? [] : [bothNamed(filename)],
    )
    return follow(source, watch, tools)
  },
})

const FIRST: Cause = { settled: true, force: true }

/** One look after the other. All that a look has found is yielded in one breath, and so published together. */
async function* follow(source: FileSource, watching: boolean, tools: ProviderTools): AsyncGenerator<Update> {
  const changes = new Changes(tools, watching)
  try {
    for (let cause: Cause | undefined = FIRST; cause; cause = await changes.next()) {
      const begun = tools.monotonic()
      const { updates, unsettled, folders } = await source.look(cause)
      tools.readTook?.(tools.monotonic() - begun)
      yield* updates
      const unseen = watching && changes.watch(folders)
      if (unseen || unsettled) void changes.tellLater()
    }
  } finally {
    changes.close()
  }
}

/** Nothing to read is a mistake that no waiting heals, so it is said once. */
async function* nothingNamed(tools: ProviderTools): AsyncGenerator<Update> {
  const message = 'the file provider has neither `filename` nor `directory`'
  const remedy = 'set one of them, or remove the provider'
  yield { failure: { code: 'E103', severity: 'error', message, remedy, origin: { source: tools.name } } }
  await new Promise<void>((done) => tools.signal.addEventListener('abort', () => done(), { once: true }))
}

function bothNamed(filename: string): Problem {
  const message = '`filename` has no effect beside `directory`'
  return warning(resolve(filename), message, 'name only one of them, or put the file into the directory')
}
