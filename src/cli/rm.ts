import { existsSync } from 'node:fs'
import { UsageError } from '../base/errors.ts'
import { undeclareSecret } from '../config/edit.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { listStore, removeSealedFile } from '../sealed/store.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput } from './output.ts'
import { confirm } from './prompt.ts'
import { checkName, hintReload, locked, notThere } from './store-context.ts'

interface Options extends GlobalOptions {
  name: string
  yes: boolean
}

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .positional('name', { type: 'string', demandOption: true, describe: 'Name of the secret' })
      .option('yes', { alias: 'y', type: 'boolean', default: false, describe: "Don't ask" })
      .example('$0 rm db/password', 'ask, then remove its sealed file and its declaration')
      .example('$0 rm db/password --yes', 'in a script')
      .epilogue('Of a secret with another source than a sealed file, only the declaration goes.'),
  handler: (args) => rm(args),
}

/** What there is of a name. */
interface Found {
  readonly declared: boolean
  /** The sealed file to remove. */
  readonly file: string | undefined
}

async function rm(args: Options): Promise<number> {
  const output = createOutput(args)
  const config = loadConfig(args.config)
  checkName(args.name)
  const found = find(config, args.name)
  if (!args.yes && !(await agreed(args.name, found))) {
    output.note('nothing is removed')
    return 1
  }
  await locked(config, output, async (store) => {
    // The declaration first: a file without one is harmless, a declaration without its file is a failing secret.
    if (found.declared) await undeclareSecret(config.file, args.name)
    if (found.file !== undefined) removeSealedFile(store, found.file)
  })
  if (output.json) output.document({ name: args.name, file: found.file ?? null, declared: found.declared })
  output.note(`${args.name}: removed ${partsOf(found)}`)
  hintReload(config, output)
  return 0
}

function find(config: Config, name: string): Found {
  const declared = config.secrets.find((secret) => secret.name === name)
  const stored = listStore(config.store).find((entry) => entry.name === name)
  if (declared === undefined && stored === undefined) throw notThere(config, name)
  if (declared === undefined) return { declared: false, file: stored?.file }
  if (declared.source.kind === 'template')
    throw new UsageError(`${name} is a template`, { hint: `take it out of \`templates\` in ${config.file}` })
  const file = declared.source.kind === 'sealed' ? declared.source.file : undefined
  return { declared: true, file: file !== undefined && existsSync(file) ? file : undefined }
}

async function agreed(name: string, found: Found): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError('there is no terminal to ask on', { hint: '`--yes` removes without asking' })
  }
  return confirm(`Remove ${partsOf(found)} of ${name}?`)
}

function partsOf({ declared, file }: Found): string {
  const parts = [...(declared ? ['the declaration'] : []), ...(file === undefined ? [] : [file])]
  return parts.join(' and ')
}
