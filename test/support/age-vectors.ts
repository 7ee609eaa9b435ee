import { inflateSync } from 'node:zlib'
import * as cctv from 'cctv-age'

/** One vector of C2SP's age test suite (the README of cctv-age describes the fields). */
export interface AgeVector {
  readonly name: string
  readonly expect: string
  /** SHA-256 of the plaintext, in hexadecimal. */
  readonly payload: string | undefined
  readonly identities: readonly string[]
  readonly passphrases: readonly string[]
  readonly file: Uint8Array
}

export const ageVectors: readonly AgeVector[] = Object.entries<Uint8Array>({ ...cctv }).map(([name, bytes]) =>
  parse(name, bytes),
)

function parse(name: string, vector: Uint8Array): AgeVector {
  const bytes = Buffer.from(vector)
  const end = bytes.indexOf('\n\n')
  const fields = bytes
    .toString('latin1', 0, end)
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const)
  const all = (key: string) => fields.filter(([field]) => field === key).map(([, value]) => value)
  const body = bytes.subarray(end + 2)
  return {
    name,
    expect: all('expect')[0] ?? '',
    payload: all('payload')[0],
    identities: all('identity'),
    passphrases: all('passphrase'),
    file: all('compressed')[0] === 'zlib' ? inflateSync(body) : body,
  }
}
