/**
 * A process that changes a store until it is killed: `store-driver MODE STORE [CALL]`. With CALL it does one operation and kills itself just
 * before its CALL-th system call that changes a file, or exits with 0 when there are fewer. Without, it waits for one line on standard input, so that it is warm
 * when the test begins, and acknowledges each finished operation by one line on standard output, written before the next one begins.
 */
import fs, { readSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { rekey } from '../../src/sealed/rekey.ts'
import { readRecipients } from '../../src/sealed/recipients.ts'
import { sealSecret } from '../../src/sealed/seal.ts'
import { storeFile, withStore, writeSealedFile } from '../../src/sealed/store.ts'
import { keyPair } from './keys.ts'

const [, , mode = '', folder = '', call] = process.argv
const alice = await keyPair(1)
const bob = await keyPair(2)
const keys = { identities: [alice.identity], identityProblems: [] }

/** The n-th value: its length and every line of it tell n, so that a mixture or a part of two shows. */
export function valueOf(n: number): Buffer {
  return Buffer.from(`value ${n}\n`.repeat(1 + (n % 50) * 40))
}

async function set(name: string, value: Buffer): Promise<void> {
  await withStore({ folder }, async (store) => {
    const { recipients } = await readRecipients(store.folder, keys.identities)
    writeSealedFile(store, storeFile(store.folder, name), await sealSecret(name, value, recipients))
  })
}

async function toggleBob(): Promise<void> {
  await withStore({ folder }, async (store) => {
    const { recipients } = await readRecipients(store.folder, keys.identities)
    const there = recipients.some(({ text }) => text === bob.recipient.text)
    const change = there ? { add: [], remove: [bob.recipient] } : { add: [bob.recipient], remove: [] }
    await rekey(store, { keys, elsewhere: [], ...change })
  })
}

const operations: Record<string, (n: number) => Promise<void>> = {
  set: (n) => set('db/password', valueOf(n)),
  rekey: toggleBob,
}

/** Counts the calls of every module, because named imports of `node:fs` follow its default export. */
function dieBefore(call: number): void {
  let left = call
  const counted = <A extends unknown[], R>(original: (...values: A) => R) => {
    return (...values: A): R => {
      if (--left === 0) process.kill(process.pid, 'SIGKILL')
      return original(...values)
    }
  }
  Object.assign(fs, {
    writeSync: counted(fs.writeSync),
    fsyncSync: counted(fs.fsyncSync),
    renameSync: counted(fs.renameSync),
    rmSync: counted(fs.rmSync),
  })
  syncBuiltinESMExports()
}

async function untilKilled(operation: (n: number) => Promise<void>): Promise<void> {
  writeSync(1, 'warm\n')
  const line = Buffer.alloc(32)
  const from = Number(line.toString('latin1', 0, readSync(0, line)))
  for (let n = from; ; n++) {
    await operation(n)
    writeSync(1, `${n}\n`)
  }
}

const operation = operations[mode]
if (operation !== undefined && call !== undefined) {
  dieBefore(Number(call))
  await operation(1)
} else if (operation !== undefined) {
  await untilKilled(operation)
}
