import { rmSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { Recipient } from '../identity/recipient.ts'
import { followLinks } from '../base/whole-file.ts'
import { stage, type Staged } from './atomic.ts'
import { openSealedFile, parseSealedFile, type Keys } from './file.ts'
import { commitJournal, finishJournal } from './journal.ts'
import { changeRecipients, formatRecipients, readRecipients } from './recipients.ts'
import { sealSecret } from './seal.ts'
import { listStore, type LockedStore } from './store.ts'

export interface RekeyRequest {
  readonly keys: Keys
  /** Sealed files outside the store. */
  readonly elsewhere: readonly string[]
  readonly add: readonly Recipient[]
  readonly remove: readonly Recipient[]
  /** Called after each file; `total` is the same at each call. */
  readonly onFile?: (done: number, total: number) => Promise<void> | void
}

export interface RekeyResult {
  readonly files: number
  readonly recipients: readonly Recipient[]
}

/**
 * Re-encrypt every file, each under a fresh data key, for the changed list of recipients. All or nothing: throws `StoreError` or
 * `SealedError`, which names the file that can't be opened or written, and then nothing has changed.
 */
export async function rekey(store: LockedStore, request: RekeyRequest): Promise<RekeyResult> {
  const list = await readRecipients(store.folder, request.keys.identities)
  const recipients = changeRecipients(list, request.add, request.remove, request.keys.identities)
  const files = filesOf(store, request.elsewhere)
  const staged: Staged[] = []
  try {
    for (const file of files) {
      staged.push(await reseal(store, file, request.keys, recipients))
      await request.onFile?.(staged.length, files.length)
      await setImmediate()
    }
    if (list.lines !== undefined || request.add.length + request.remove.length > 0) {
      staged.push(stage(list.file, formatRecipients(list, recipients), store.tag))
    }
    commitJournal(store.folder, store.tag, staged)
  } catch (error) {
    for (const { temporary } of staged) rmSync(temporary, { force: true })
    throw error
  }
  finishJournal(store.folder)
  return { files: files.length, recipients }
}

function filesOf(store: LockedStore, elsewhere: readonly string[]): string[] {
  const stored = listStore(store.folder).map(({ file }) => file)
  return [...new Set([...stored, ...elsewhere].map(followLinks))]
}

/** The name is the one inside the file: what a renamed file belongs to is not for rekey to decide. */
async function reseal(
  store: LockedStore,
  file: string,
  keys: Keys,
  recipients: readonly Recipient[],
): Promise<Staged> {
  const { name } = parseSealedFile(file)
  const plaintext = await openSealedFile(file, name, keys)
  try {
    return stage(file, await sealSecret(name, plaintext, recipients), store.tag)
  } finally {
    plaintext.fill(0)
  }
}
