import { loadConfig } from '../config/load.ts'
import { readRecipients } from '../sealed/recipients.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput, type Output } from './output.ts'
import { hintReload, keysOf, locked, sealedPlace } from './store-context.ts'
import { checkFields, storeValue, type GivenFields, type Stored } from './store-value.ts'
import { readValue } from './value-input.ts'

interface Options extends GlobalOptions {
  name: string
  from: string | undefined
  owner: string | undefined
  group: string | undefined
  mode: string | undefined
  unit: string[] | undefined
}

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe: 'Name of the secret, as db/password',
      })
      .option('from', {
        type: 'string',
        requiresArg: true,
        describe: 'File with the value; - is standard input',
      })
      .option('owner', {
        type: 'string',
        requiresArg: true,
        describe: 'User that owns the file (declares it)',
      })
      .option('group', { type: 'string', requiresArg: true, describe: 'Group of the file' })
      .option('mode', { type: 'string', requiresArg: true, describe: 'Permission bits, octal' })
      .option('unit', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'A systemd unit that may read; again for more',
      })
      .example('$0 set db/password', 'ask for the value without showing it')
      .example(
        'pwgen 32 1 | $0 set db/password --owner postgres',
        'the bytes of standard input, newline included',
      )
      .example('$0 set tls/key --from key.pem --group nginx --mode 0440', 'the bytes of a file')
      .epilogue(
        "It is sealed for the recipients in the store's .recipients, else for those of the configured identities; `hushfs rekey` changes " +
          'them. A new name is declared in the configuration, where the options stay with it.',
      ),
  handler: (args) => set(args),
}

async function set(args: Options): Promise<number> {
  const output = createOutput(args)
  const fields: GivenFields = { owner: args.owner, group: args.group, mode: args.mode, units: args.unit }
  const config = loadConfig(args.config)
  sealedPlace(config, args.name)
  checkFields(args.name, fields)
  const keys = keysOf(config)
  await readRecipients(config.store, keys.identities)
  const value = await readValue(args.name, args.from)
  try {
    const request = { name: args.name, value, keys, fields }
    const stored = await locked(config, output, (store) => storeValue(store, args.config, request, output))
    report(output, stored)
    hintReload(config, output)
    const lost = !stored.declared && Object.values(fields).some((field) => field !== undefined)
    return lost ? 1 : 0
  } finally {
    value.fill(0)
  }
}

export function report(output: Output, stored: Stored): void {
  if (output.json) output.document(stored)
  const { name, file, recipients } = stored
  output.note(`${name}: sealed for ${recipients} ${recipients === 1 ? 'recipient' : 'recipients'} in ${file}`)
}
