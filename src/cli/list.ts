import { loadConfig, type Config, type SourceSpec } from '../config/load.ts'
import { listStore } from '../sealed/store.ts'
import type { Command } from './command.ts'
import { createOutput } from './output.ts'

/** One secret that is declared, in the store, or both. */
interface Listed {
  readonly name: string
  /** Kind of its source. */
  readonly source: string
  readonly declared: boolean
  /** Where its value comes from; null for a text in the configuration. */
  readonly file: string | null
}

export const command: Command = {
  builder: (yargs) =>
    yargs
      .example('$0 list', 'every secret of the configuration and of the store')
      .example(
        "$0 list --json | jq -r '.[] | select(.declared | not).name'",
        'what is stored and never served',
      ),
  handler: (args) => list(args),
}

function list(args: Parameters<Command['handler']>[0]): undefined {
  const output = createOutput(args)
  const secrets = secretsOf(loadConfig(args.config))
  if (output.json) {
    output.document(secrets)
    return
  }
  const width = (texts: string[]) => Math.max(0, ...texts.map((text) => text.length))
  const names = width(secrets.map(({ name }) => name))
  const sources = width(secrets.map(({ source }) => source))
  for (const { name, source, declared, file } of secrets) {
    const note = declared ? '' : output.colours.yellow('  (not declared)')
    output.line(`${name.padEnd(names)}  ${source.padEnd(sources)}  ${file ?? '-'}${note}`)
  }
  if (secrets.length === 0) output.note('there is no secret yet: `hushfs set NAME` makes one')
}

/** Where the value is, on this machine. */
function fileOf(source: SourceSpec): string | null {
  if ('file' in source) return source.file
  return source.kind === 'file' ? source.path : null
}

function secretsOf(config: Config): Listed[] {
  const declared = config.secrets.map(({ name, source }): Listed => {
    return { name, source: source.kind, declared: true, file: fileOf(source) }
  })
  const names = new Set(declared.map(({ name }) => name))
  const files = new Set(declared.map(({ file }) => file))
  const stored = listStore(config.store)
    .filter(({ name, file }) => !names.has(name) && !files.has(file))
    .map(({ name, file }): Listed => ({ name, source: 'sealed', declared: false, file }))
  return [...declared, ...stored].sort((a, b) => (a.name < b.name ? -1 : 1))
}
