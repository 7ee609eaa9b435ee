import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import type { SopsFormat } from '../../src/config/config.ts'
import { decryptSops, valueOf } from '../../src/sources/sops/document.ts'
import { sopsIn, withoutSops } from '../support/sops.ts'

t.setTimeout(300_000)

const sops = sopsIn(t.testdir())

const open = async (bytes: Uint8Array, format: SopsFormat) =>
  Buffer.from(valueOf(await decryptSops(bytes, format, sops.context), undefined))

/** The merge key has a tag of its own in what sops writes, also where it is a value. */
const text = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ maxLength: 30 }))
  .filter((string) => string !== '<<')
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
}))
const document = fc.dictionary(
  text.filter((key) => key !== 'sops'),
  json.value,
  { minKeys: 1, maxKeys: 5 },
)

t.test('what sops makes of arbitrary JSON and YAML reads as sops decrypts it', withoutSops, async (t) => {
  let compared = 0
  const property = fc.asyncProperty(document, async (value) => {
    const plain = JSON.stringify(value)
    for (const name of ['d.json', 'd.yaml']) {
      const made = attempt(() => sops.encrypt(name, plain))
      const theirs = made === undefined ? undefined : attempt(() => sops.decrypt(made))
      // sops reads not all control characters in YAML, and not every file that it writes.
      if (made === undefined || theirs === undefined) continue
      const ours = await open(readFileSync(made), name === 'd.json' ? 'json' : 'yaml')
      const same = name === 'd.json' ? ours.equals(theirs) : meaning(ours) === meaning(theirs)
      if (!same) throw new Error(`${name}: ${ours.toString()}\n--- sops:\n${theirs.toString()}`)
      compared += 1
    }
  })
  await fc.assert(property, { numRuns: 40 })
  t.ok(compared > 60, `${compared} of 80`)
})

/** Undefined where sops refuses. */
function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function meaning(yaml: Buffer): string {
  const documents = parseAllDocuments(yaml.toString(), { intAsBigInt: true })
  return JSON.stringify(
    documents.map((document) => document.toJS() as unknown),
    (_, value: unknown) => (typeof value === 'bigint' ? `int ${value}` : value),
  )
}

t.test('plain YAML is parsed as sops parses it', withoutSops, async (t) => {
  const scalar = fc.oneof(
    fc.constantFrom(
      ...[
        '0777',
        '0o17',
        '0b11',
        '0x1F',
        '1_000',
        '1_0.5',
        '08',
        '+1',
        '-0',
        '.5',
        '5.',
        '1e3',
        '.inf',
        '-.INF',
        '.NaN',
        '~',
        'Null',
        'TRUE',
        'yes',
        'y',
        '2001-1-2',
        '2001-12-14 21:59:43.10',
        '2001-12-14t21:59:43+01:00',
        '2001-13-14',
        '=',
        '0b2',
        '0o8',
        '-0x1',
        '9223372036854775807',
        '18446744073709551616',
        '1:30',
        '__1',
        '1__',
        '0_7',
      ],
    ),
    // sops writes a number that is too large as a string without quotes.
    fc.stringMatching(/^[-+.]?[0-9_]{1,4}[.eExob]?[0-9]{0,2}$/),
  )
  const property = fc.asyncProperty(fc.array(scalar, { minLength: 1, maxLength: 12 }), async (scalars) => {
    const plain = scalars.map((text, index) => `k${index}_unencrypted: ${text}`).join('\n')
    const file = attempt(() => sops.encrypt('s.yaml', `a: x\n${plain}\n`))
    if (file === undefined) return
    // As it was, in the clear: the MAC is over what sops read.
    const [, metadata = ''] = readFileSync(file, 'utf8').split(/^(?=sops:)/m)
    const [first = ''] = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, `${first}\n${plain}\n${metadata}`)
    const theirs = sops.decrypt(file)
    const ours = await open(readFileSync(file), 'yaml')
    if (meaning(ours) !== meaning(theirs))
      throw new Error(`${ours.toString()}\n--- sops:\n${theirs.toString()}`)
  })
  await fc.assert(property, { numRuns: 60 })
  t.pass('60 files')
})

/** A YAML text of nested maps and lists with comments in every place, made of numbers from 0 to 99. */
function commented(numbers: readonly number[]): string {
  let taken = 0
  let named = 0
  const chance = (percent: number) => (numbers[taken++] ?? 100) < percent
  const remark = (percent: number, before: string, after = '') =>
    chance(percent) ? `${before}# c${named++}${after}` : ''
  const map = (depth: number, pad: string): string => {
    let text = ''
    do {
      text += remark(30, pad, '\n') + remark(20, pad, '\n')
      const key = `${pad}k${named++}:`
      if (depth > 0 && chance(40)) text += `${key}${remark(10, ' ')}\n${map(depth - 1, `${pad}    `)}`
      else if (depth > 0 && chance(15)) text += `${key}\n${pad}    - x\n${pad}    - a: b\n${pad}      c: d\n`
      else text += `${key} v${named++}${remark(25, ' ')}\n`
    } while (chance(60))
    return text + remark(30, pad, '\n') + remark(10, `\n${pad}`, '\n')
  }
  return map(3, '') + (chance(20) ? `---\n${map(1, '')}` : '')
}

t.test('comments are where sops has them', withoutSops, async (t) => {
  let compared = 0
  const numbers = fc.array(fc.nat(99), { minLength: 40, maxLength: 200 })
  const property = fc.asyncProperty(numbers, async (numbers) => {
    const file = sops.encrypt('c.yaml', commented(numbers))
    const theirs = sops.decrypt(file).toString()
    // Below a list or a deeper map sops takes a comment for one of those, and can't decrypt it.
    if (theirs.includes('ENC[')) return
    const ours = (await open(readFileSync(file), 'yaml')).toString()
    const lines = (text: string) => text.split('\n').filter((line) => line !== '')
    if (lines(ours).join('\n') !== lines(theirs).join('\n')) throw new Error(`${ours}\n--- sops:\n${theirs}`)
    compared += 1
  })
  await fc.assert(property, { numRuns: 60 })
  t.ok(compared > 30, `${compared} of 60`)
})
