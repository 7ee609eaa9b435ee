import { SourceError } from '../../base/errors.ts'
import { formatPlain, int64Text, parseFloat64 } from './go-number.ts'
import { formatTime, parseYamlTime } from './time.ts'
import { leaf, NULL, type Leaf } from './tree.ts'

/** Go's yaml.v3 resolves plain scalars in a way between YAML 1.1 and 1.2 (resolve.go, resolve). */
const WORDS: ReadonlyMap<string, Leaf> = new Map([
  ...['true', 'True', 'TRUE'].map((word) => [word, leaf('bool', 'True')] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, leaf('bool', 'False')] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, NULL] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, leaf('float', 'NaN')] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (word) => [word, leaf('float', '+Inf')] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, leaf('float', '-Inf')] as const),
])

/** The core tags, short. */
const TAG_PREFIX = 'tag:yaml.org,2002:'

/**
 * A scalar without its style: `text` is its content, `plain` whether it had no quotes and wasn't a block, `tag` what was written.
 * Throws SourceError where the tag doesn't fit, or for an integer that is larger than Go's.
 */
export function resolveScalar(text: string, plain: boolean, tag: string | undefined): Leaf {
  if (tag === undefined) return plain ? resolvePlain(text) : leaf('str', text)
  if (!tag.startsWith(TAG_PREFIX)) return leaf('str', text)
  const type = tag.slice(TAG_PREFIX.length)
  if (type === 'binary') return { kind: 'leaf', type: 'str', bytes: fromBase64(text) }
  if (!['bool', 'int', 'float', 'null', 'timestamp'].includes(type)) return leaf('str', text)
  const found = resolvePlain(text)
  const wanted = type === 'timestamp' ? 'time' : type
  if (found.type === wanted) return found
  if (wanted === 'float' && found.type === 'int')
    return leaf('float', formatPlain(Number(Buffer.from(found.bytes).toString())))
  throw new SourceError(`a value has the tag !!${type} and isn't one`)
}

function fromBase64(text: string): Uint8Array {
  const joined = text.replace(/[\r\n]/g, '')
  const bytes = Buffer.from(joined, 'base64')
  if (bytes.toString('base64') !== joined) throw new SourceError('a value has the tag !!binary and no base64')
  return bytes
}

/** strconv.ParseFloat lets an underscore stand between digits. */
const SEPARATED = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/

/** What yaml.v3 makes of a plain scalar. */
export function resolvePlain(text: string): Leaf {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (text.startsWith('.'))
    return (SEPARATED.test(text) ? floatOf(text.replaceAll('_', '')) : undefined) ?? leaf('str', text)
  if (!/^[-+0-9]/.test(text)) return leaf('str', text)
  const time = parseYamlTime(text)
  if (time !== undefined) return leaf('time', formatTime(time))
  const number = text.replaceAll('_', '')
  return integerOf(number) ?? floatOf(number) ?? leaf('str', text)
}

function floatOf(text: string): Leaf | undefined {
  if (!/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return undefined
  const value = parseFloat64(text)
  return value === undefined ? undefined : leaf('float', formatPlain(value))
}

/** strconv.ParseInt(text, 0, 64): `0x`, `0b`, `0o`, and 1.1's octal with nothing but a 0 before it. */
const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/
const UINT64_MAX = (1n << 64n) - 1n
/** More digits than 64 bits have in any base; BigInt takes quadratic time for a million. */
const MAX_DIGITS = 100

function integerOf(text: string): Leaf | undefined {
  if (text.length > MAX_DIGITS) return undefined
  const [, sign = '', digits] = INTEGER.exec(text) ?? []
  if (digits === undefined) return undefined
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const decimal = int64Text(sign === '-' ? -magnitude : magnitude)
  if (decimal !== undefined) return leaf('int', decimal)
  if (sign === '' && magnitude <= UINT64_MAX)
    throw new SourceError('a value that is not encrypted is an integer larger than sops can hold')
  return undefined
}
