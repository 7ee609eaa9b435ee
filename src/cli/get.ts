import { createLog } from '../base/log.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { listStore } from '../sealed/store.ts'
import type { SourceSpec } from '../config/config.ts'
import { openSource } from '../sources/registry.ts'
import type { OpenContext } from '../sources/source.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput } from './output.ts'
import { checkName, keysOf, notThere } from './store-context.ts'

interface Options extends GlobalOptions {
  name: string
}

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .positional('name', { type: 'string', demandOption: true, describe: 'Name of the secret' })
      .example('$0 get db/password', 'print the value; a terminal gets a newline after it')
      .example('$0 get tls/key > key.pem', 'the bytes as they are')
      .epilogue('It opens the source itself, mounted or not. With --json the value is base64.'),
  handler: (args) => get(args),
}

async function get(args: Options): Promise<void> {
  const output = createOutput(args)
  const config = loadConfig(args.config)
  checkName(args.name)
  const value = await openSource(sourceOf(config, args.name), args.name, contextOf(config))
  try {
    if (output.json) {
      output.document({ name: args.name, value: Buffer.from(value).toString('base64') })
      return
    }
    await output.bytes(value)
    if (process.stdout.isTTY && value.at(-1) !== 0x0a) await output.bytes(Buffer.from('\n'))
  } finally {
    value.fill(0)
  }
}

/** The inputs of a template are opened here too. */
function contextOf(config: Config): OpenContext {
  const context = { ...keysOf(config), vaults: config.vaults, log: createLog() }
  return { ...context, input: (name) => openSource(sourceOf(config, name), name, context) }
}

/** What is declared, else what the store has. */
function sourceOf(config: Config, name: string): SourceSpec {
  const declared = config.secrets.find((secret) => secret.name === name)
  if (declared !== undefined) return declared.source
  const stored = listStore(config.store).find((entry) => entry.name === name)
  if (stored === undefined) throw notThere(config, name)
  return { kind: 'sealed', file: stored.file }
}
