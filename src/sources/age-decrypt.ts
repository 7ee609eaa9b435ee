import { SourceError } from '../base/errors.ts'
import { AGE_VERSION, checkAgeHeader, damagedHeader, parseAgeHeader } from './age-header.ts'
import { NONCE_BYTES, openAgePayload } from './age-payload.ts'
import { Unwrapper } from './age-stanzas.ts'
import type { OpenContext } from './source.ts'

const BINARY = Buffer.from(AGE_VERSION.slice(0, AGE_VERSION.indexOf('/') + 1))
const ARMORED = /^\s*-----BEGIN/

/**
 * The plaintext of an age file, binary or armored, at most `limit` bytes; the caller wipes it. Nothing is released of a
 * file that fails anywhere. Throws SourceError without the file's name.
 */
export async function decryptAge(file: Uint8Array, context: OpenContext, limit: number): Promise<Uint8Array> {
  const binary = await dearmored(file)
  const header = parseAgeHeader(binary)
  const unwrapper = new Unwrapper(context.identities)
  try {
    const fileKey = unwrapper.unwrapFileKey(header.stanzas)
    if (fileKey === undefined) throw noMatch(unwrapper.types, context.identityProblems)
    checkAgeHeader(header, fileKey)
    const payload = binary.subarray(header.length)
    if (payload.length < NONCE_BYTES) throw damagedHeader()
    return openAgePayload(fileKey, payload.subarray(0, NONCE_BYTES), payload.subarray(NONCE_BYTES), limit)
  } finally {
    unwrapper.wipe()
  }
}

async function dearmored(file: Uint8Array): Promise<Uint8Array> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  if (bytes.subarray(0, BINARY.length).equals(BINARY)) return file
  const text = bytes.toString('latin1')
  if (!ARMORED.test(text)) throw new SourceError('not an age file')
  const { armor } = await import('age-encryption')
  try {
    return armor.decode(text)
  } catch (cause) {
    throw new SourceError('the ASCII armor is damaged', { cause })
  }
}

function noMatch(types: readonly string[], problems: readonly string[]): SourceError {
  const unread = problems.length > 0 ? ` (identities that can't be used: ${problems.join('; ')})` : ''
  return new SourceError(`no configured identity opens it; it is encrypted for: ${listed(types)}${unread}`, {
    hint: 'encrypt it for the recipient of a configured identity, or add the identity under `identities`',
    noIdentity: true,
  })
}

/** The header's own words (printable ASCII by its grammar), bounded. */
function listed(types: readonly string[]): string {
  const shown = types.slice(0, 8).map((type) => type.slice(0, 40))
  const more = types.length - shown.length
  const words = more > 0 ? [...shown, `${more} more types`] : shown
  return words.join(', ')
}
