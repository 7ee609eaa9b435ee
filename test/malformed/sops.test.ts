import { readFileSync } from 'node:fs'
import t from 'tap'
import { SourceError } from '../../src/base/errors.ts'
import type { SopsFormat } from '../../src/config/config.ts'
import { decryptSops, valueOf } from '../../src/sources/sops/document.ts'
import { sopsIn, withoutSops } from '../support/sops.ts'

t.setTimeout(600_000)

const sops = sopsIn(t.testdir())

/** What a file gives, or undefined for a SourceError. Anything else is thrown on. */
async function attempt(bytes: Uint8Array, format: SopsFormat): Promise<string | undefined> {
  try {
    const document = await decryptSops(bytes, format, sops.context)
    return Buffer.from(valueOf(document, undefined)).toString('latin1')
  } catch (error) {
    if (error instanceof SourceError) return undefined
    throw error
  }
}

/** sops authenticates neither its version nor the name of a rule that matches nothing; white space and order mean nothing there. */
const UNAUTHENTICATED = /version|unencrypted_suffix/

function lineAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(10, at)
  return bytes.subarray(bytes.lastIndexOf(10, at - 1) + 1, end === -1 ? undefined : end).toString('latin1')
}

/** `npm run test:slow`: every bit of every format, and every line in every place. */
const thorough = process.env['HUSHFS_TEST_THOROUGH'] === '1'
const everyBit = () => [0, 1, 2, 3, 4, 5, 6, 7]
const oneBit = thorough ? everyBit : (at: number) => [at % 8]

const words = Array.from({ length: 23 }, (_, index) => `word ${index}`)
const files: readonly [string, SopsFormat, string, (at: number) => readonly number[]][] = [
  // 4 KiB, every bit of it.
  ['a.json', 'json', JSON.stringify({ words, map: { a: 1, b: true }, text: 't' }), everyBit],
  ['a.yaml', 'yaml', 'text: t\nmap:\n    a: 1\n    list: [x, y]\n', oneBit],
  ['a.env', 'dotenv', 'A=1\nB=two\n', oneBit],
  ['a.ini', 'ini', '[s]\na = 1\nb = two\n', oneBit],
]

for (const [name, format, plain, bitsOf] of files)
  t.test(
    `${format}: a flipped bit is an error, or changes nothing that is served`,
    withoutSops,
    async (t) => {
      const bytes = readFileSync(sops.encrypt(name, plain))
      const value = await attempt(bytes, format)
      t.ok(value)
      if (name === 'a.json') t.ok(bytes.length >= 4096, `${bytes.length} bytes`)
      let refused = 0
      const accepted: string[] = []
      for (let at = 0; at < bytes.length; at++)
        for (const bit of bitsOf(at)) {
          const before = bytes[at] ?? 0
          bytes[at] = before ^ (1 << bit)
          const found = await attempt(bytes, format)
          bytes[at] = before
          if (found === undefined) refused += 1
          else if (found !== value) t.fail(`bit ${bit} of byte ${at} changes the value`)
          else if (!UNAUTHENTICATED.test(lineAt(bytes, at)) && !/\s/.test(String.fromCharCode(before)))
            accepted.push(`bit ${bit} of ${at}: ${lineAt(bytes, at).slice(0, 60)}`)
        }
      t.same(accepted, [], 'nothing else is accepted')
      t.ok(refused > bytes.length / 2)
    },
  )

for (const [name, format, plain] of files)
  t.test(
    `${format}: a removed line is an error, or changes nothing that is served`,
    withoutSops,
    async (t) => {
      const lines = readFileSync(sops.encrypt(name, plain), 'utf8').split('\n')
      const value = await attempt(Buffer.from(lines.join('\n')), format)
      for (const [index, line] of lines.entries()) {
        const found = await attempt(Buffer.from(lines.toSpliced(index, 1).join('\n')), format)
        if (found === undefined) t.pass(line.slice(0, 40))
        else {
          t.equal(found, value)
          t.match(line, /^\s*(?:unencrypted_suffix.*|sops_unencrypted_suffix.*|"unencrypted_suffix.*)?$/)
        }
      }
    },
  )

for (const [name, format, plain] of files)
  t.test(`${format}: no two lines change places unseen`, withoutSops, async (t) => {
    const lines = readFileSync(sops.encrypt(name, plain), 'utf8').split('\n')
    const value = await attempt(Buffer.from(lines.join('\n')), format)
    let refused = 0
    for (let index = 1; index < lines.length; index++) {
      const [above = '', below = ''] = lines.slice(index - 1, index + 1)
      const found = await attempt(Buffer.from(lines.toSpliced(index - 1, 2, below, above).join('\n')), format)
      if (found === undefined) refused += 1
      // Within the metadata, names may come in any order.
      else if (found !== value) t.fail(`line ${index} and the next`)
      else t.notMatch(`${above}\n${below}`, /ENC\[.*\n.*ENC\[/, 'two values')
    }
    t.ok(refused > 0)
  })

for (const [name, format, plain] of thorough ? files : [])
  t.test(`${format}: no line goes to another place unseen`, withoutSops, async (t) => {
    const lines = readFileSync(sops.encrypt(name, plain), 'utf8').split('\n')
    const value = await attempt(Buffer.from(lines.join('\n')), format)
    let refused = 0
    for (const [from, line] of lines.entries())
      for (const to of lines.keys()) {
        const moved = lines.toSpliced(from, 1).toSpliced(to, 0, line)
        const found = await attempt(Buffer.from(moved.join('\n')), format)
        if (found === undefined) refused += 1
        else if (found !== value) t.fail(`line ${from} at ${to}`)
      }
    t.ok(refused > 0)
  })
