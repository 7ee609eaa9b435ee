import { SealedError } from '../base/errors.ts'
import { nameProblem } from '../base/secret-name.ts'
import { KEY_BYTES, NONCE_BYTES, SEAL_BYTES, TAG_BYTES } from '../crypto/sodium.ts'

/**
 * The text form of a sealed file, version 1 (native-notes/sealed-format.md). No key is needed here: `parseSealed` accepts
 * exactly the bytes that `encodeSealed` writes, so there is one encoding of each file and every other byte string is refused.
 */
export interface SealedFile {
  readonly name: string
  /** Sorted by `text`, each once, 1 to MAX_RECIPIENTS. */
  readonly recipients: readonly SealedRecipient[]
  readonly nonce: Uint8Array
  /** Ciphertext and tag. */
  readonly payload: Uint8Array
}

export interface SealedRecipient {
  /** The `hushfs1...` form of the public key. */
  readonly text: string
  /** The data key in a sealed box, BOX_BYTES. */
  readonly box: Uint8Array
}

export const BOX_BYTES = KEY_BYTES + SEAL_BYTES
export const MAX_RECIPIENTS = 256
export const MAX_PLAINTEXT_BYTES = 1 << 20
/** No sealed file is larger: 1 MiB for 256 recipients takes 1,467,913 bytes. */
export const MAX_SEALED_FILE_BYTES = 1_500_000

const magic = 'hushfs-sealed/'
const columns = 64
const recipientText = /^hushfs1[02-9ac-hj-np-z]{58}$/

/** The authenticated bytes: all that stand before the payload. */
export function encodeHeader(file: Omit<SealedFile, 'payload'>): Uint8Array {
  const recipients = file.recipients.map(({ text, box }) => `recipient: ${text} ${base64(box)}\n`)
  return Buffer.from(
    `${magic}1\nname: ${file.name}\n${recipients.join('')}nonce: ${base64(file.nonce)}\npayload:\n`,
    'latin1',
  )
}

export function encodeSealed(file: SealedFile): Uint8Array {
  const payload = base64(file.payload)
  const lines: string[] = []
  for (let at = 0; at < payload.length; at += columns) lines.push(payload.slice(at, at + columns))
  return Buffer.concat([encodeHeader(file), Buffer.from(`${lines.join('\n')}\n`, 'latin1')])
}

/** Bytes of the secret, known without any key. */
export function plaintextLength(file: SealedFile): number {
  return file.payload.length - TAG_BYTES
}

/** Throws `SealedError` for any bytes that `encodeSealed` can't have written; the message doesn't name the file. */
export function parseSealed(bytes: Uint8Array): SealedFile {
  if (bytes.length > MAX_SEALED_FILE_BYTES) {
    throw new SealedError(`is larger than a sealed file can be (${MAX_SEALED_FILE_BYTES} bytes)`)
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  checkVersion(text)
  const end = text.indexOf('\npayload:\n')
  if (end < 0) throw damaged('its payload is missing')
  const [, nameLine = '', ...rest] = text.slice(0, end).split('\n')
  const nonceLine = rest.pop() ?? ''
  const file = {
    name: parseName(nameLine),
    recipients: parseRecipients(rest),
    nonce: decode(field(nonceLine, 'nonce'), NONCE_BYTES, 'nonce'),
    payload: parsePayload(text.slice(end + '\npayload:\n'.length)),
  }
  if (Buffer.compare(encodeSealed(file), bytes) !== 0) throw damaged('it is not written in canonical form')
  return file
}

function checkVersion(text: string): void {
  const version = /^hushfs-sealed\/([1-9][0-9]{0,5})\r?\n/.exec(text)?.[1]
  if (version === undefined) {
    throw new SealedError(`is not a sealed file: it does not start with the line "${magic}1"`)
  }
  if (version !== '1') {
    throw new SealedError(`is a sealed file of version ${version}; this hushfs reads version 1`, {
      hint: 'it was written by a newer hushfs: upgrade this one',
    })
  }
  if (text.includes('\r')) {
    throw new SealedError(
      'has its line endings changed: a sealed file ends each line with a line feed alone',
      {
        hint: 'a tool converted it as text (git: mark *.sealed as -text in .gitattributes)',
      },
    )
  }
}

function parseName(line: string): string {
  const name = field(line, 'name')
  if (nameProblem(name) !== undefined) throw damaged('its name is not the name of a secret')
  return name
}

function parseRecipients(lines: readonly string[]): SealedRecipient[] {
  if (lines.length < 1 || lines.length > MAX_RECIPIENTS) {
    throw damaged(`it has ${lines.length} recipients, 1 to ${MAX_RECIPIENTS} are possible`)
  }
  let previous = ''
  return lines.map((line) => {
    const [text = '', box = ''] = field(line, 'recipient').split(' ')
    if (!recipientText.test(text)) throw damaged('a recipient is malformed')
    if (text <= previous) throw damaged('its recipients are not sorted')
    previous = text
    return { text, box: decode(box, BOX_BYTES, 'data key of a recipient') }
  })
}

function parsePayload(text: string): Uint8Array {
  const payload = Buffer.from(text, 'base64')
  if (payload.length < TAG_BYTES) throw damaged('its payload is cut short')
  if (payload.length > MAX_PLAINTEXT_BYTES + TAG_BYTES) throw damaged('its payload is larger than 1 MiB')
  return payload
}

function field(line: string, key: string): string {
  if (!line.startsWith(`${key}: `)) throw damaged(`a line "${key}: ..." is missing`)
  return line.slice(key.length + 2)
}

function decode(text: string, length: number, what: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== length) throw damaged(`the ${what} is malformed`)
  return bytes
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function damaged(how: string): SealedError {
  return new SealedError(`is not a whole sealed file: ${how}`, {
    hint: 'it was edited, damaged or cut short: restore it from a backup, or set the secret again',
  })
}
