import { IdentityError, UsageError } from '../base/errors.ts'
import { loadConfig } from '../config/load.ts'
import { loadSodium } from '../crypto/sodium.ts'
import { parseRecipient, type Recipient } from '../identity/recipient.ts'
import { rekey } from '../sealed/rekey.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput, type Progress } from './output.ts'
import { declaredFiles, hintReload, keysOf, locked } from './store-context.ts'

interface Options extends GlobalOptions {
  add: string[] | undefined
  remove: string[] | undefined
}

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .option('add', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'A recipient to add: hushfs1..., age1... or an ssh-ed25519 public key',
      })
      .option('remove', { type: 'string', array: true, requiresArg: true, describe: 'A recipient to remove' })
      .example(
        '$0 rekey --add "$(cat /etc/ssh/ssh_host_ed25519_key.pub)"',
        'let another host open every secret',
      )
      .example('$0 rekey --remove hushfs1...', 'from now on, without that one')
      .example('$0 rekey', 'bring every file to the recipients of .recipients')
      .epilogue(
        'Every sealed file of the store and of the configuration is written anew, all of them or none. Who was removed can still open ' +
          'old copies: set new values, too.',
      ),
  handler: (args) => run(args),
}

async function run(args: Options): Promise<void> {
  const output = createOutput(args)
  await loadSodium()
  const add = recipientsIn('--add', args.add)
  const remove = recipientsIn('--remove', args.remove)
  const config = loadConfig(args.config)
  const request = { keys: keysOf(config), elsewhere: declaredFiles(config), add, remove }
  let bar: Progress | undefined
  const onFile = async (done: number, total: number) => {
    bar ??= await output.progress('sealing', total)
    bar.reach(done)
  }
  const result = await locked(config, output, (store) => rekey(store, { ...request, onFile })).finally(() =>
    bar?.stop(),
  )
  const recipients = result.recipients.map(({ text }) => text)
  if (output.json) output.document({ files: result.files, recipients })
  else for (const text of recipients) output.line(text)
  output.note(`sealed ${count(result.files, 'file')} for ${count(recipients.length, 'recipient')}`)
  if (remove.length > 0) output.note('whoever was removed can still open old copies: set new values, too')
  hintReload(config, output)
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function recipientsIn(option: string, texts: readonly string[] = []): Recipient[] {
  return texts.map((text) => {
    try {
      return parseRecipient(text)
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error
      const hint = error.hint === undefined ? {} : { hint: error.hint }
      throw new UsageError(`${option}: ${error.message}`, { ...hint, cause: error })
    }
  })
}
