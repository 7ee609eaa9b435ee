import { existsSync, readFileSync } from 'node:fs'
import { StoreError } from '../base/errors.ts'
import { loadConfig } from '../config/load.ts'
import { openSealedFile } from '../sealed/file.ts'
import { readRecipients } from '../sealed/recipients.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput, type Output } from './output.ts'
import { editPrivately, serveEditor } from './private-editor.ts'
import { report } from './set.ts'
import { hintReload, keysOf, locked, sealedPlace } from './store-context.ts'
import { storeValue } from './store-value.ts'

interface Options extends GlobalOptions {
  name: string
  inside: string | undefined
}

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe: 'Name of the secret; a new one starts empty',
      })
      // The inner process of private-editor.ts.
      .option('inside', { type: 'string', hidden: true })
      .example('$0 edit tls/key', 'open it in $VISUAL, $EDITOR or vi')
      .example('EDITOR="nano -L" $0 edit db/password', 'with options of the editor')
      .epilogue(
        'The editor sees the value as a file in memory (ramfs, never swapped), in a namespace in which every disk is read-only, so ' +
          'that it can leave no copy. When it fails or changes nothing, nothing is written.',
      ),
  handler: (args) => (args.inside === undefined ? edit(args) : serveEditor(args.name, args.inside)),
}

async function edit(args: Options): Promise<void> {
  const output = createOutput(args)
  const config = loadConfig(args.config)
  const { file } = sealedPlace(config, args.name)
  const keys = keysOf(config)
  await readRecipients(config.store, keys.identities)
  const sealed = bytesOf(file)
  const value = sealed === undefined ? new Uint8Array() : await openSealedFile(file, args.name, keys)
  let edited: Uint8Array | undefined
  try {
    edited = await editPrivately(args.name, value)
    if (Buffer.compare(value, edited) === 0) {
      output.note(`${args.name}: unchanged, nothing is written`)
      return
    }
    warnOfNewline(output, value, edited)
    const request = { name: args.name, value: edited, keys, fields: {} }
    const stored = await locked(config, output, (store) => {
      if (!same(sealed, bytesOf(file))) {
        throw new StoreError(`${args.name} was changed by another command meanwhile; that value stays`, {
          hint: 'edit again',
        })
      }
      return storeValue(store, args.config, request, output)
    })
    report(output, stored)
    hintReload(config, output)
  } finally {
    value.fill(0)
    edited?.fill(0)
  }
}

function bytesOf(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined
}

function same(before: Buffer | undefined, now: Buffer | undefined): boolean {
  return before === undefined || now === undefined ? before === now : before.equals(now)
}

/** Most editors end a file with a newline, and a password with one is another password. */
function warnOfNewline(output: Output, before: Uint8Array, after: Uint8Array): void {
  if (before.length === 0 || before.at(-1) === 0x0a || after.at(-1) !== 0x0a) return
  output.warning('the value ends with a newline now; before, it did not')
}
