import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { SourceError } from '../../src/base/errors.ts'
import { sopsFormats, type SopsFormat } from '../../src/config/config.ts'
import { decryptValue } from '../../src/sources/sops/cipher.ts'
import { decryptSops, valueOf } from '../../src/sources/sops/document.ts'
import { extensions, sopsIn, withoutSops } from '../support/sops.ts'

t.setTimeout(300_000)

const sops = sopsIn(t.testdir())

/** The result, or undefined for a SourceError. Anything else is thrown on. */
async function attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SourceError) return undefined
    throw error
  }
}

const open = async (bytes: Uint8Array, format: SopsFormat) =>
  Buffer.from(valueOf(await decryptSops(bytes, format, sops.context), undefined))

/** What parsers of these formats look at. */
const token = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ': ',
    '\n',
    '\n    ',
    '- ',
    '#',
    '"',
    "'",
    '`',
    '"""',
    '|\n',
    '>\n',
    '&a ',
    '*a',
  ],
  ...[
    '---\n',
    '...\n',
    '? ',
    '!!int ',
    '!!binary ',
    '<<',
    '=',
    '\\',
    '\\n',
    ';',
    'sops',
    'sops_',
    'age__list_0__map_enc',
  ],
  ...[
    'null',
    '1',
    '0x1',
    '-',
    '1e9',
    '2002-12-14',
    'ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]',
    '\ufeff',
    '\t',
  ],
)

for (const format of sopsFormats) {
  t.test(`${format}: arbitrary text throws nothing but SourceError`, async (t) => {
    let refused = 0
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .array(fc.oneof(token, fc.string({ maxLength: 4 })), { maxLength: 60 })
        .map((parts) => Buffer.from(parts.join(''))),
    )
    const property = fc.asyncProperty(text, async (bytes) => {
      if ((await attempt(() => decryptSops(bytes, format, sops.context))) === undefined) refused += 1
    })
    await fc.assert(property, { numRuns: 1000 })
    t.equal(refused, 1000)
  })

  t.test(`${format}: changed bytes of a real file throw nothing but SourceError`, withoutSops, async (t) => {
    const plain = {
      yaml: 'a: 1\nb: [x, "", {c: d}] # e\n',
      json: '{"a": [1, {"b": "c"}]}',
      ini: '[s]\n; c\na = b\n',
    }
    const content = format in plain ? plain[format as keyof typeof plain] : '# c\nA=b\n'
    const file = readFileSync(sops.encrypt(`changed.${extensions[format]}`, content))
    const original = await open(file, format)
    const change = fc.record({
      at: fc.nat(file.length - 1),
      remove: fc.nat(40),
      insert: fc.oneof(token, fc.string({ maxLength: 8 })),
    })
    let refused = 0
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let bytes: Buffer = file
      for (const { at, remove, insert } of changes)
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(insert), bytes.subarray(at + remove)])
      if ((await attempt(() => open(bytes, format))) === undefined) refused += 1
    })
    await fc.assert(property, { numRuns: 300 })
    t.ok(refused > 100, `${refused} refused`)
    t.ok(original.equals(await open(file, format)))
  })
}

t.test('deep nesting, long numbers, many aliases and long lines end', async (t) => {
  const many = (text: string, count: number) => text.repeat(count)
  const aliases = Array.from(
    { length: 30 },
    (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`,
  )
  const texts: [SopsFormat, string][] = [
    ['json', `{"a":${many('[', 100_000)}${many(']', 100_000)}}`],
    ['json', `{"a":${many('{"a":', 100_000)}1${many('}', 100_000)}}`],
    ['json', `{"a":${many('9', 1_000_000)}}`],
    ['yaml', `a: ${many('[', 20_000)}${many(']', 20_000)}`],
    ['yaml', `a: ${many('9', 1_000_000)}`],
    ['yaml', `a: 0x${many('f', 1_000_000)}`],
    ['yaml', `a0: &a0 x\n${aliases.join('\n')}\n`],
    ['yaml', 'a: &a [*a]\n'],
    ['yaml', Array.from({ length: 5000 }, (_, index) => `k${index}: v # c`).join('\n')],
    ['ini', `${many(' ', 500_000)}x`],
    ['ini', `a = ${many(' ', 500_000)}x${many(' ', 500_000)}y`],
    ['ini', `a = """${many('\n', 500_000)}`],
    ['dotenv', `sops_${many('__map_', 50_000)}=1`],
    ['dotenv', 'sops_age__list_999999999__map_enc=1'],
  ]
  for (const [format, text] of texts)
    t.equal(
      await attempt(() => decryptSops(Buffer.from(text), format, sops.context)),
      undefined,
      `${format} ${text.slice(0, 20)}`,
    )
})

t.test('a text that is no encrypted value is none', (t) => {
  const piece = fc.oneof(fc.base64String({ maxLength: 80 }), fc.string({ maxLength: 20 }))
  const property = fc.property(piece, piece, piece, piece, (data, iv, tag, type) => {
    const text = `ENC[AES256_GCM,data:${data},iv:${iv},tag:${tag},type:${type}]`
    return decryptValue(text, new Uint8Array(32), 'a:') === undefined
  })
  fc.assert(property, { numRuns: 2000 })
  t.pass('2,000 texts')
  for (const length of [1, 32, 128, 129, 4096]) {
    const text = `ENC[AES256_GCM,data:AA==,iv:${Buffer.alloc(length).toString('base64')},tag:${Buffer.alloc(16).toString('base64')},type:str]`
    t.equal(decryptValue(text, new Uint8Array(32), 'a:'), undefined, `an IV of ${length} bytes`)
  }
  t.end()
})
