import { armor, Decrypter, type ReadableStreamWithSize } from 'age-encryption'
import { HushfsError, SourceError } from '../base/errors.ts'
import { Unwrapper } from './age-stanzas.ts'
import type { OpenContext } from './source.ts'

const BINARY = Buffer.from('age-encryption.org/')
const ARMORED = /^\s*-----BEGIN/

/**
 * The plaintext of an age file, binary or armored, at most `limit` bytes; the caller wipes it. Nothing is released of a
 * file that fails anywhere. Throws SourceError without the file's name.
 */
export async function decryptAge(file: Uint8Array, context: OpenContext, limit: number): Promise<Uint8Array> {
  const binary = dearmored(file)
  const unwrapper = new Unwrapper(context.identities)
  try {
    const payload = await openHeader(binary, unwrapper, context.identityProblems)
    return await readPayload(payload, binary.length, limit)
  } finally {
    unwrapper.wipe()
  }
}

function dearmored(file: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  if (bytes.subarray(0, BINARY.length).equals(BINARY)) return file
  const text = bytes.toString('latin1')
  if (!ARMORED.test(text)) throw new SourceError('not an age file')
  try {
    return armor.decode(text)
  } catch (cause) {
    throw new SourceError('the ASCII armor is damaged', { cause })
  }
}

async function openHeader(
  binary: Uint8Array,
  unwrapper: Unwrapper,
  problems: readonly string[],
): Promise<ReadableStreamWithSize> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(unwrapper)
  try {
    return await decrypter.decrypt(streamOf(binary))
  } catch (error) {
    throw unwrapper.unmatched ? noMatch(unwrapper.types, problems) : headerError(error, unwrapper.opened)
  }
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

function headerError(cause: unknown, opened: boolean): SourceError {
  if (cause instanceof SourceError) return cause
  // The library has one class for all; its text tells a wrong MAC from a nonce that is cut short.
  if (opened && cause instanceof Error && cause.message === 'invalid header HMAC')
    return new SourceError("the age header was changed: its MAC doesn't fit", { cause })
  return new SourceError('the age header is damaged or cut short', { cause })
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

/** Chunk by chunk into one buffer, so that each copy that the library makes is wiped. */
async function readPayload(
  payload: ReadableStreamWithSize,
  fileLength: number,
  limit: number,
): Promise<Uint8Array> {
  const plaintext = new Uint8Array(plaintextLength(payload, fileLength))
  try {
    if (plaintext.length > limit)
      throw new SourceError(`its plaintext is larger than a secret can be (${limit} bytes)`)
    let length = 0
    for await (const chunk of payload) {
      plaintext.set(chunk, length)
      length += chunk.length
      chunk.fill(0)
    }
    return plaintext
  } catch (cause) {
    plaintext.fill(0)
    throw cause instanceof HushfsError ? cause : damagedPayload(cause)
  }
}

function plaintextLength(payload: ReadableStreamWithSize, fileLength: number): number {
  try {
    return payload.size(fileLength)
  } catch (cause) {
    throw damagedPayload(cause)
  }
}

function damagedPayload(cause: unknown): SourceError {
  return new SourceError('the encrypted payload is damaged or cut short', { cause })
}
