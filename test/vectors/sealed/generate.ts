/**
 * Made the vectors of this folder, once: `npx tsx test/vectors/sealed/generate.ts`. A sealed box has an ephemeral key, so another run
 * gives other files. Files of a released version are never replaced, because they must open for ever; it only writes what is missing.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { sealSecret } from '../../../src/sealed/seal.ts'
import { keyPair } from '../../support/keys.ts'

export interface Vector {
  readonly file: string
  readonly name: string
  /** Hexadecimal; each opens the file. */
  readonly secretKeys: readonly string[]
  /** In the order given, which is not that of the file. */
  readonly recipients: readonly string[]
  readonly dataKey: string
  readonly nonce: string
  readonly plaintext: string
}

interface Case {
  readonly file: string
  readonly name: string
  readonly plaintext: Buffer
  /** Fill bytes of the secret keys, see keyPair. */
  readonly keys: readonly number[]
}

const every = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
const cases: readonly Case[] = [
  { file: 'empty.sealed', name: 'empty', plaintext: Buffer.alloc(0), keys: [1] },
  { file: 'password.sealed', name: 'db/password', plaintext: Buffer.from('hunter2'), keys: [1] },
  { file: 'one-byte.sealed', name: 'a', plaintext: Buffer.from([0]), keys: [2] },
  { file: 'one-line.sealed', name: 'x@y:1+2', plaintext: Buffer.alloc(32, 'p'), keys: [2] },
  { file: 'two-recipients.sealed', name: 'tls/key.pem', plaintext: every, keys: [1, 2] },
  { file: 'long-name.sealed', name: `${'n'.repeat(127)}/${'m'.repeat(127)}`, plaintext: every, keys: [3] },
  { file: 'many-lines.sealed', name: 'b64', plaintext: Buffer.concat(Array<Buffer>(9).fill(every)), keys: [9, 8, 7] },
  {
    file: 'most-recipients.sealed',
    name: 'most',
    plaintext: Buffer.from('for 256\n'),
    keys: Array.from({ length: 256 }, (_, index) => index),
  },
]

/** Chosen by the file's name alone, so that a reader can compute them: SHA-512, key first. */
function draws(file: string): { dataKey: Buffer; nonce: Buffer } {
  const hash = createHash('sha512').update(`hushfs vector ${file}`).digest()
  return { dataKey: hash.subarray(0, 32), nonce: hash.subarray(32, 56) }
}

async function make(test: Case): Promise<Vector> {
  const pairs = await Promise.all(test.keys.map((fill) => keyPair(fill)))
  const recipients = pairs.map(({ recipient }) => recipient)
  const { dataKey, nonce } = draws(test.file)
  const path = new URL(test.file, import.meta.url)
  if (!existsSync(path)) {
    const draw = { dataKey: (into: Uint8Array) => into.set(dataKey), nonce: () => nonce }
    writeFileSync(path, await sealSecret(test.name, test.plaintext, recipients, draw))
  }
  return {
    file: test.file,
    name: test.name,
    secretKeys: pairs.map(({ identity }) => Buffer.from(identity.secretKey).toString('hex')),
    recipients: recipients.map(({ text }) => text),
    dataKey: dataKey.toString('hex'),
    nonce: nonce.toString('hex'),
    plaintext: test.plaintext.toString('base64'),
  }
}

export function readVectors(): readonly Vector[] {
  return JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Vector[]
}

if (process.argv[1] === import.meta.filename) {
  const vectors = await Promise.all(cases.map(make))
  writeFileSync(new URL('vectors.json', import.meta.url), `${JSON.stringify(vectors, undefined, 2)}\n`)
}
