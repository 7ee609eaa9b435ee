import { randomBytes, randomFillSync } from 'node:crypto'
import { SealedError } from '../base/errors.ts'
import { nameProblem } from '../base/secret-name.ts'
import { KEY_BYTES, loadSodium, NONCE_BYTES, TAG_BYTES, type Region, type Sodium } from '../crypto/sodium.ts'
import type { Identity } from '../identity/identity.ts'
import { recipientOf, type Recipient } from '../identity/recipient.ts'
import {
  encodeHeader,
  encodeSealed,
  MAX_PLAINTEXT_BYTES,
  MAX_RECIPIENTS,
  parseSealed,
  plaintextLength,
  type SealedFile,
  type SealedRecipient,
} from './format.ts'

/** What only test vectors choose; every write draws both afresh. */
export interface SealDraw {
  /** Fill a KEY_BYTES region with the data key. */
  dataKey(into: Uint8Array): void
  nonce(): Uint8Array
}

const random: SealDraw = {
  dataKey: (into) => void randomFillSync(into),
  nonce: () => randomBytes(NONCE_BYTES),
}

/**
 * The bytes of a sealed file that each of `recipients` opens. The caller wipes `plaintext`, at most 1 MiB.
 * Throws `SealedError` for what no sealed file can hold.
 */
export async function sealSecret(
  name: string,
  plaintext: Uint8Array,
  recipients: readonly Recipient[],
  draw: SealDraw = random,
): Promise<Uint8Array> {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new SealedError(`the name ${JSON.stringify(name)} ${problem}`)
  if (plaintext.length > MAX_PLAINTEXT_BYTES) {
    throw new SealedError(`the value of ${name} has ${plaintext.length} bytes; a secret has at most 1 MiB`)
  }
  const sodium = await loadSodium()
  const key = sodium.allocate(KEY_BYTES)
  try {
    draw.dataKey(key.bytes())
    const start = { name, recipients: sealDataKey(sodium, key, recipients), nonce: draw.nonce() }
    return encodeSealed({ ...start, payload: encrypt(sodium, key, plaintext, start) })
  } finally {
    key.free()
  }
}

/**
 * The plaintext of a sealed file, which the caller wipes. `expectedName` is the secret that the file is to be. Throws
 * `SealedError`; the message doesn't name the file. `identityProblems` are told when no identity opens it.
 */
export async function openSealed(
  bytes: Uint8Array,
  expectedName: string,
  identities: readonly Identity[],
  identityProblems: readonly string[] = [],
): Promise<Uint8Array> {
  const file = parseSealed(bytes)
  if (file.name !== expectedName) {
    throw new SealedError(`belongs to secret ${file.name}, not ${expectedName}: was it renamed or swapped?`)
  }
  const sodium = await loadSodium()
  const key = openDataKey(sodium, file, identities, identityProblems)
  try {
    return decrypt(sodium, key, file)
  } finally {
    key.free()
  }
}

function sealDataKey(sodium: Sodium, key: Region, recipients: readonly Recipient[]): SealedRecipient[] {
  const byText = new Map(recipients.map((recipient) => [recipient.text, recipient]))
  if (byText.size < 1) throw new SealedError('there is no recipient to seal for')
  if (byText.size > MAX_RECIPIENTS) {
    throw new SealedError(`there are ${byText.size} recipients; a sealed file has at most ${MAX_RECIPIENTS}`)
  }
  const sorted = [...byText.values()].sort((a, b) => (a.text < b.text ? -1 : 1))
  return sorted.map(({ text, publicKey }) => ({ text, box: sodium.seal(key, publicKey) }))
}

function encrypt(
  sodium: Sodium,
  key: Region,
  plaintext: Uint8Array,
  start: Omit<SealedFile, 'payload'>,
): Uint8Array {
  const header = sodium.allocateFrom(encodeHeader(start))
  const nonce = sodium.allocateFrom(start.nonce)
  const text = sodium.allocate(plaintext.length + TAG_BYTES)
  try {
    text.bytes().set(plaintext)
    sodium.encrypt(text.at, text.at, plaintext.length, header, nonce.at, key.at)
    return text.bytes().slice()
  } finally {
    for (const region of [text, nonce, header]) region.free()
  }
}

/** The recipient line is found by the identity's public key: one sealed box is opened, whatever their number. */
function openDataKey(
  sodium: Sodium,
  file: SealedFile,
  identities: readonly Identity[],
  identityProblems: readonly string[],
): Region {
  for (const identity of identities) {
    if (identity.kind === 'ssh-rsa') continue
    const text = recipientOf(identity)?.text
    const line = file.recipients.find((recipient) => recipient.text === text)
    if (line === undefined) continue
    const secret = sodium.allocateFrom(identity.secretKey)
    try {
      const key = sodium.openSeal(line.box, identity.publicKey, secret)
      if (key === undefined) throw notAuthentic()
      return key
    } finally {
      secret.free()
    }
  }
  const texts = file.recipients.map((recipient) => recipient.text).join(', ')
  const problems = identityProblems.length > 0 ? ` (${identityProblems.join('; ')})` : ''
  throw new SealedError(`no configured identity opens it; its recipients are ${texts}${problems}`, {
    noIdentity: true,
  })
}

function decrypt(sodium: Sodium, key: Region, file: SealedFile): Uint8Array {
  const header = sodium.allocateFrom(encodeHeader(file))
  const nonce = sodium.allocateFrom(file.nonce)
  const text = sodium.allocateFrom(file.payload)
  try {
    if (!sodium.decrypt(text.at, text.at, text.length, header, nonce.at, key.at)) throw notAuthentic()
    return text.bytes().slice(0, plaintextLength(file))
  } finally {
    for (const region of [text, nonce, header]) region.free()
  }
}

function notAuthentic(): SealedError {
  return new SealedError("doesn't authenticate: it was edited or damaged", {
    hint: 'restore it from a backup, or set the secret again',
  })
}
