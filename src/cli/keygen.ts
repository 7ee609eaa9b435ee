import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { isNodeError, reasonOf, StoreError } from '../base/errors.ts'
import { generateIdentity } from '../identity/generate.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput } from './output.ts'

interface Options extends GlobalOptions {
  output: string | undefined
}

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .option('output', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        describe: 'File for the identity (made, mode 0600); without it the identity is the output',
      })
      .example('$0 keygen -o /var/lib/hushfs/identity', 'write an identity, print its recipient')
      .example('$0 keygen > identity', 'as age-keygen: the recipient is on standard error'),
  handler: (args) => keygen(args),
}

async function keygen(args: Options): Promise<void> {
  const output = createOutput(args)
  const identity = generateIdentity()
  try {
    if (args.output === undefined) {
      await output.bytes(identity.file)
      output.note(`recipient: ${identity.recipient}`)
      return
    }
    writeNewIdentity(args.output, identity.file)
    if (output.json) output.document({ identity: args.output, recipient: identity.recipient })
    else output.line(identity.recipient)
  } finally {
    identity.file.fill(0)
  }
}

/** Make a file of mode 0600 and wait until it is on the disk. Throws `StoreError`, also when there is one already. */
export function writeNewIdentity(file: string, bytes: Uint8Array): void {
  try {
    const fd = openSync(file, 'wx', 0o600)
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!isNodeError(error)) throw error
    if (error.code !== 'EEXIST') throw new StoreError(reasonOf(error), { cause: error })
    throw new StoreError(`${file} is there already`, {
      hint: 'an identity is never overwritten; give another name, or move the old one away first',
    })
  }
}
