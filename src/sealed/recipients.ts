import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { IdentityError, isNodeError, reasonOf, StoreError } from '../base/errors.ts'
import { loadSodium } from '../crypto/sodium.ts'
import type { Identity } from '../identity/identity.ts'
import { parseRecipient, recipientOf, type Recipient } from '../identity/recipient.ts'

/**
 * Who can open what is written. The store's `.recipients` is the exact list: text, one recipient a line, `#` starts a comment
 * line. Without that file it is the recipients of the configured identities.
 */
export interface RecipientList {
  readonly file: string
  /** Each once, in the order of the file or of the identities. */
  readonly recipients: readonly Recipient[]
  /** The lines of the file; undefined when there is none. */
  readonly lines: readonly Line[] | undefined
}

interface Line {
  readonly text: string
  readonly recipient: Recipient | undefined
}

const preamble =
  '# Every sealed file of this store is written for these; `hushfs rekey --add R --remove R` changes them.'

/** Throws `StoreError` when the list can't be read or is empty. */
export async function readRecipients(
  folder: string,
  identities: readonly Identity[],
): Promise<RecipientList> {
  await loadSodium()
  const file = join(folder, '.recipients')
  const lines = readLines(file)
  if (lines === undefined) return { file, lines, recipients: ownRecipients(identities) }
  const recipients = unique(lines.flatMap(({ recipient }) => recipient ?? []))
  if (recipients.length === 0) {
    throw new StoreError(`${file}: lists no recipient`, {
      hint: 'remove the file to use the configured identities, or write one recipient a line into it',
    })
  }
  return { file, lines, recipients }
}

/**
 * The list without `remove` and with `add`. Throws `StoreError` when one to remove isn't there, when none would be left, or when
 * no identity of `identities` could open what is written then.
 */
export function changeRecipients(
  list: RecipientList,
  add: readonly Recipient[],
  remove: readonly Recipient[],
  identities: readonly Identity[],
): readonly Recipient[] {
  const present = textsOf(list.recipients)
  const missing = remove.find(({ text }) => !present.has(text))
  if (missing !== undefined)
    throw new StoreError(`${missing.text} is not a recipient, so it can't be removed`)
  const gone = textsOf(remove)
  const next = unique([...list.recipients.filter(({ text }) => !gone.has(text)), ...add])
  if (next.length === 0)
    throw new StoreError('no recipient would be left, and nothing could open the files again')
  const own = textsOf(identities.flatMap((identity) => recipientOf(identity) ?? []))
  if (!next.some(({ text }) => own.has(text))) {
    throw new StoreError('none of the configured identities could open the files after this', {
      hint: 'keep or add the recipient of one of them, or configure an identity for a recipient that stays',
    })
  }
  return next
}

/** The text of `.recipients` for `next`: the lines of those that stay, and comments, are kept as they are. */
export function formatRecipients(list: RecipientList, next: readonly Recipient[]): Uint8Array {
  const wanted = textsOf(next)
  const before = list.lines ?? [{ text: preamble, recipient: undefined }]
  const kept = before.filter(({ recipient }) => recipient === undefined || wanted.has(recipient.text))
  const there = textsOf(kept.flatMap(({ recipient }) => recipient ?? []))
  const added = next.filter(({ text }) => !there.has(text)).map(({ text }) => text)
  return Buffer.from(`${[...kept.map(({ text }) => text), ...added].join('\n')}\n`)
}

function ownRecipients(identities: readonly Identity[]): Recipient[] {
  const recipients = unique(identities.flatMap((identity) => recipientOf(identity) ?? []))
  if (recipients.length > 0) return recipients
  throw new StoreError('there is no recipient: no configured identity can be read', {
    hint: 'make one with `hushfs keygen -o FILE` and list it under identities',
  })
}

function readLines(file: string): Line[] | undefined {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (isNodeError(error) && error.code === 'ENOENT') return undefined
    throw new StoreError(isNodeError(error) ? reasonOf(error) : `${file}: can't be read`, { cause: error })
  }
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, index) => ({
    text: line,
    recipient: parseLine(line.trim(), `${file}:${index + 1}`),
  }))
}

function parseLine(text: string, place: string): Recipient | undefined {
  if (text === '' || text.startsWith('#')) return undefined
  try {
    return parseRecipient(text)
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    throw new StoreError(`${place}: ${error.message}`, { ...hint, cause: error })
  }
}

function unique(recipients: readonly Recipient[]): Recipient[] {
  return [...new Map(recipients.map((recipient) => [recipient.text, recipient])).values()]
}

function textsOf(recipients: readonly Recipient[]): Set<string> {
  return new Set(recipients.map(({ text }) => text))
}
