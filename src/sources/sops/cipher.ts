import { createDecipheriv } from 'node:crypto'
import { base64 } from '@scure/base'
import { formatPlain, parseDecimalInt, parseFloat64 } from './go-number.ts'
import { formatTime, parseRfc3339 } from './time.ts'
import { leaf, type Leaf, type LeafType } from './tree.ts'

/** Bytes of the data key: AES-256. */
export const DATA_KEY_BYTES = 32
const TAG_BYTES = 16
/** The longest that OpenSSL takes (GCM_IV_MAX_SIZE); sops writes 32 bytes, and reads any number. */
const MAX_IV_BYTES = 128

/** The word before the bracket closes, as aes/cipher.go writes it. */
type ValueType = Exclude<LeafType, 'null'> | 'bytes' | 'comment'

interface Encrypted {
  readonly data: Uint8Array
  readonly iv: Uint8Array
  readonly tag: Uint8Array
  readonly type: ValueType
}

export interface Decrypted {
  readonly type: ValueType
  readonly bytes: Buffer
}

const B64 = '([A-Za-z0-9+/]+={0,2})'
const TYPES = 'str|int|float|bool|time|bytes|comment'
const PATTERN = new RegExp(`^ENC\\[AES256_GCM,data:${B64},iv:${B64},tag:${B64},type:(${TYPES})\\]$`)

/**
 * The plaintext of `ENC[AES256_GCM,...]`, which is authenticated together with `path`. Undefined where it isn't of that form or
 * doesn't authenticate. Base64 must be canonical, so that no bit of it can be changed.
 */
export function decryptValue(text: string, key: Uint8Array, path: string): Decrypted | undefined {
  const value = parseValue(text)
  if (value === undefined) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, value.iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(path))
  decipher.setAuthTag(value.tag)
  const bytes = decipher.update(value.data)
  try {
    decipher.final()
  } catch {
    bytes.fill(0)
    return undefined
  }
  return { type: value.type, bytes }
}

function parseValue(text: string): Encrypted | undefined {
  const [, data = '', iv = '', tag = '', type] = PATTERN.exec(text) ?? []
  if (type === undefined) return undefined
  try {
    const value = {
      data: base64.decode(data),
      iv: base64.decode(iv),
      tag: base64.decode(tag),
      type: type as ValueType,
    }
    const hasSizes = value.tag.length === TAG_BYTES && value.iv.length <= MAX_IV_BYTES
    return hasSizes ? value : undefined
  } catch {
    return undefined
  }
}

const COMMENT_END = Buffer.from(',type:comment]')

/**
 * sops encrypts a comment in a list into what looks like a value of the list, outside of the MAC, and then can't verify its own file
 * (sops.go, walkSlice in 3.13). The type isn't authenticated, but a value that claimed to be a comment would be missing from the MAC.
 */
export function isListComment({ bytes }: Leaf): boolean {
  return COMMENT_END.equals(bytes.subarray(-COMMENT_END.length))
}

/** The scalar that a decrypted value is; undefined where its bytes aren't of its type. Keeps the bytes of strings, wipes the others. */
export function leafOf({ type, bytes }: Decrypted): Leaf | undefined {
  if (type === 'str' || type === 'bytes' || type === 'comment') return { kind: 'leaf', type: 'str', bytes }
  try {
    const text = canonical(type, bytes.toString('latin1'))
    return text === undefined ? undefined : leaf(type, text)
  } finally {
    bytes.fill(0)
  }
}

function canonical(type: 'int' | 'float' | 'bool' | 'time', text: string): string | undefined {
  switch (type) {
    case 'int':
      return parseDecimalInt(text)
    case 'float': {
      const value = parseFloat64(text)
      return value === undefined ? undefined : formatPlain(value)
    }
    case 'bool':
      // strconv.ParseBool.
      if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return 'True'
      return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? 'False' : undefined
    case 'time': {
      const time = parseRfc3339(text)
      return time === undefined ? undefined : formatTime(time)
    }
  }
}
