import { SourceError } from '../../base/errors.ts'
import { decryptAge } from '../age-decrypt.ts'
import type { OpenContext } from '../source.ts'
import { DATA_KEY_BYTES } from './cipher.ts'
import type { KeyGroup, Metadata } from './metadata.ts'
import { combineShares } from './shamir.ts'

/** A part of a data key has one byte more than the key; nothing larger belongs there. */
const MAX_PART_BYTES = 2 * DATA_KEY_BYTES

/** The key that all values of a document are encrypted with, 32 bytes, which the caller wipes. Throws SourceError. */
export async function openDataKey(metadata: Metadata, context: OpenContext): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const failures: SourceError[] = []
  try {
    for (const group of metadata.groups) {
      if (parts.length === metadata.threshold) break
      const part = await openGroup(group, context)
      if (part instanceof SourceError) failures.push(part)
      else parts.push(part)
    }
    if (parts.length < metadata.threshold) throw notEnough(metadata, parts.length, failures)
    const [only] = parts
    const key = metadata.threshold === 1 ? Uint8Array.from(only ?? []) : combineShares(parts)
    if (key.length === DATA_KEY_BYTES) return key
    key.fill(0)
    throw new SourceError(`its data key is not of ${DATA_KEY_BYTES} bytes`)
  } finally {
    for (const part of parts) part.fill(0)
  }
}

/** The part of the data key that any key of the group opens, or why none does. */
async function openGroup(group: KeyGroup, context: OpenContext): Promise<Uint8Array | SourceError> {
  let unfit: SourceError | undefined
  let broken: SourceError | undefined
  for (const { recipient, enc } of group.age)
    try {
      return await decryptAge(Buffer.from(enc, 'latin1'), context, MAX_PART_BYTES)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      if (error.noIdentity) unfit ??= error
      else broken ??= new SourceError(`for ${shortened(recipient)}: ${error.message}`, { cause: error })
    }
  return broken ?? noneFits(group, context, unfit)
}

function noneFits(group: KeyGroup, context: OpenContext, cause: SourceError | undefined): SourceError {
  const problems = context.identityProblems
  const unread = problems.length > 0 ? ` (identities that can't be used: ${problems.join('; ')})` : ''
  const recipients = [...group.age.map(({ recipient }) => recipient), ...group.others]
  const message = `it is encrypted for: ${listed(recipients)}`
  if (cause === undefined) return new SourceError(`it has no age recipient; ${message}`)
  return new SourceError(`no configured identity opens it; ${message}${unread}`, { cause, noIdentity: true })
}

function listed(recipients: readonly string[]): string {
  const shown = recipients.slice(0, 8).map(shortened)
  const more = recipients.length - shown.length
  return (more > 0 ? [...shown, `${more} more`] : shown).join(', ')
}

/** Of an SSH key, its type and the end of its base64 suffice. */
function shortened(recipient: string): string {
  const [type = '', body] = recipient.split(' ')
  if (body !== undefined && type.startsWith('ssh-')) return `${type} ...${body.slice(-12)}`
  return recipient.slice(0, 120)
}

function notEnough(metadata: Metadata, found: number, failures: readonly SourceError[]): SourceError {
  const hint =
    'add an age recipient of a configured identity: `sops rotate -i --add-age RECIPIENT FILE`, ' +
    'or .sops.yaml and `sops updatekeys FILE`'
  const [first] = failures
  const noIdentity = failures.some((failure) => failure.noIdentity)
  if (metadata.groups.length === 1)
    return new SourceError(first?.message ?? 'no key opens it', { hint, cause: first, noIdentity })
  const reasons = failures.map((failure) => failure.message).join('; ')
  const needed = `${metadata.threshold} of its ${metadata.groups.length} key groups are needed and ${found} can be opened`
  return new SourceError(`${needed}: ${reasons}`, { hint, noIdentity })
}
