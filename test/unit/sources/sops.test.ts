import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { SourceError } from '../../../src/base/errors.ts'
import type { SopsFormat } from '../../../src/config/config.ts'
import { sopsSource } from '../../../src/sources/sops.ts'
import { MAX_SECRET_BYTES, type OpenContext } from '../../../src/sources/source.ts'
import { sopsIn, withoutSops } from '../../support/sops.ts'

t.setTimeout(300_000)

const sops = sopsIn(t.testdir())

interface What {
  key?: string
  format?: SopsFormat
  context?: OpenContext
}

/** A context of its own unless one is given: nothing comes from an earlier test. */
async function open(
  file: string,
  { key, format, context = { ...sops.context } }: What = {},
): Promise<Buffer> {
  return Buffer.from(await sopsSource.open({ file, key, format }, 'name', context))
}

const YAML = `# first

# second
text: hello # behind
empty: ""
int: 42
"negative": -7
octal: 0777
octal12: 0o17
hex: 0x1F
big: 9007199254740993
float: 1.5
whole: 1.0
tiny: 1.5e-7
huge: 1e20
yes: "yes"
bool: true
nothing: null
time: 2001-12-14T21:59:43.10-05:00
day: 2002-12-14
multi: |
  one
   two

  three
unicode: "grüße 😀 \\u2028 \\x07 \\ttab"
binary: !!binary aGVsbG8A/w==
anchored: &anchor
  k: v
  # below k
again: *anchor
merged:
  <<: *anchor
  z: 1
list:
  - one
  - 2
  - a: b
    c: [1, {x: y}]
"123": number-like key
"true": word-like key
none: {}
no-items: []
deep:
  # above
  deeper:
    deepest: d
    # below deepest
  # below deeper
# last
---
another: document
list: [x]
`

const JSON_TEXT = `{"z": 9007199254740993, "min": -9223372036854775808, "over": 9223372036854775808,
 "a": {"b": [1, 1.5, 1e20, 1e21, 1.0, -0.0, 1e-7, true, false, null, "", "x<>&\\u2028\\u0001\\ud800 é\\b\\f\\n\\"\\\\"], "e": {}, "l": []},
 "123": "n", "text": "t", "empty": "", "f": 2.0}`

const DOTENV = '# first\nA=1\nB=x\\ny\nEMPTY=\nQUOTED="q"\nEQUALS=a=b\nSPACE= x \nUNI=grüße\n#\n# last\n'

const INI = `; about the top
top = 1
; about s
[s]
; about k
k = v
longer_key = "a;b"
lines = """x
y"""
empty =
spaced = "  x "
unicode = grüße 😀
'quote' = "it's"
url = http://h:1/?a=b ; behind
[t]
z: 1
# at the end
`

/** Values with their types, and comments in their order. */
function meaning(yaml: Buffer): unknown {
  const documents = parseAllDocuments(yaml.toString(), { intAsBigInt: true })
  return [
    documents.map((document) =>
      JSON.stringify(document.toJS(), (_, value: unknown) =>
        typeof value === 'bigint' ? `int ${value}` : value,
      ),
    ),
    yaml.toString().match(/#.*/g),
  ]
}

t.test('whole documents are what sops decrypt writes', withoutSops, async (t) => {
  const binary = randomBytes(MAX_SECRET_BYTES)
  const plain: readonly [string, string | Uint8Array][] = [
    ['a.json', JSON_TEXT],
    ['a.env', DOTENV],
    ['a.ini', INI],
    ['a.bin', binary],
    ['empty.bin', ''],
    ['text.txt', 'no newline'],
  ]
  for (const [name, content] of plain) {
    const file = sops.encrypt(name, content)
    t.ok((await open(file)).equals(sops.decrypt(file)), name)
  }
  t.ok((await open(join(sops.folder, 'a.bin'))).equals(binary))
  for (const name of ['a.yaml', 'a.yml']) {
    const file = sops.encrypt(name, YAML)
    t.same(meaning(await open(file)), meaning(sops.decrypt(file)), name)
  }
})

const picks: Record<string, [string, string]> = {
  'pick.yaml': [
    YAML,
    `text empty int negative octal octal12 hex big float whole tiny huge yes bool nothing time day multi unicode binary again/k list/0 list/1 list/2/a list/2/c/1/x 123 true deep/deeper/deepest`,
  ],
  'pick.json': [
    JSON_TEXT,
    'z min over a/b/0 a/b/1 a/b/2 a/b/3 a/b/4 a/b/5 a/b/6 a/b/7 a/b/8 a/b/9 a/b/10 a/b/11 123 text empty f',
  ],
  'pick.env': [DOTENV, 'A B EMPTY QUOTED EQUALS SPACE UNI'],
  'pick.ini': [INI, 'DEFAULT/top s/k s/longer_key s/lines s/empty s/spaced s/unicode s/url t/z'],
  'pick.bin': ['bytes', 'data'],
}

/** What sops ends with a newline, as YAML is. */
const scalars =
  /^(?:int|negative|octal.*|hex|big|float|whole|tiny|huge|bool|nothing|time|day|list\/1|merged\/z|list\/2\/c\/0)$/

for (const [name, [plain, keys]] of Object.entries(picks))
  t.test(`every value of ${name} is what sops decrypt --extract writes`, withoutSops, async (t) => {
    const file = sops.encrypt(name, plain)
    for (const key of keys.split(/\s+/)) {
      const inList = (index: number) => /^[0-9]{1,2}$/.test(key.split('/')[index] ?? '')
      const path = key.split('/').map((part, index) => (inList(index) ? `[${part}]` : `["${part}"]`))
      const extracted = sops.decrypt(file, '--extract', path.join(''))
      const expected = name.endsWith('.yaml') && scalars.test(key) ? extracted.subarray(0, -1) : extracted
      t.equal((await open(file, { key })).toString('latin1'), expected.toString('latin1'), key)
    }
  })

t.test('values of 1 MiB in each format', withoutSops, async (t) => {
  const bytes = randomBytes(MAX_SECRET_BYTES)
  const text = randomBytes((MAX_SECRET_BYTES / 4) * 3).toString('base64')
  const files: [string, string | Uint8Array, string][] = [
    ['big.yaml', `a: !!binary ${bytes.toString('base64')}\nb: c\n`, 'a'],
    ['big-text.yaml', `a: [x, ${text}]\n`, 'a/1'],
    ['big.json', JSON.stringify({ a: { b: text } }), 'a/b'],
    ['big.env', `A=${text}\n`, 'A'],
    ['big.ini', `[s]\na = ${text}\n`, 's/a'],
    ['big.bin', bytes, 'data'],
  ]
  for (const [name, plain, key] of files) {
    const file = sops.encrypt(name, plain)
    const path = key.split('/').map((part) => (/^\d+$/.test(part) ? `[${part}]` : `["${part}"]`))
    const value = await open(file, { key })
    t.equal(value.length, MAX_SECRET_BYTES, name)
    t.ok(value.equals(sops.decrypt(file, '--extract', path.join(''))), name)
  }
})

t.test('a part of a document is a document of its own', withoutSops, async (t) => {
  const json = sops.encrypt('part.json', JSON_TEXT)
  for (const [key, path] of [
    ['a', '["a"]'],
    ['a/e', '["a"]["e"]'],
    ['a/b', '["a"]["b"]'],
  ] as const)
    t.equal((await open(json, { key })).toString(), sops.decrypt(json, '--extract', path).toString(), key)
  // sops prints the other documents too, which nobody asked for.
  const yaml = sops.encrypt('part.yaml', YAML.slice(0, YAML.indexOf('---')))
  for (const [key, path] of [
    ['list', '["list"]'],
    ['list/2', '["list"][2]'],
    ['deep', '["deep"]'],
    ['none', '["none"]'],
  ] as const)
    t.same(meaning(await open(yaml, { key })), meaning(sops.decrypt(yaml, '--extract', path)), key)
  const ini = sops.encrypt('part.ini', INI)
  await t.rejects(open(ini, { key: 's' }), { message: /part\.ini: the key names a section/ })
})

t.test('what a key may not name', withoutSops, async (t) => {
  const file = sops.encrypt('keys.yaml', 'a: {b: [x, y]}\n"0": zero\n')
  t.equal((await open(file, { key: '0' })).toString(), 'zero')
  for (const key of [
    'c',
    'a/c',
    'a/b/2',
    'a/b/-1',
    'a/b/01',
    'a/b/0/x',
    'sops',
    'sops/mac',
    '__proto__',
    'toString',
  ])
    await t.rejects(open(file, { key }), SourceError, key)
  await t.rejects(open(file, { key: 'a/c/d' }), { message: `${file}: it has no "a/c"` })
})

t.test('the format is that of the end of the name unless it is given', withoutSops, async (t) => {
  const binary = sops.encrypt('data.yaml', 'a: 1', [
    '--age',
    sops.recipient,
    '--input-type',
    'binary',
    '--output-type',
    'binary',
  ])
  t.equal((await open(binary, { format: 'binary' })).toString(), 'a: 1')
  const json = sops.encrypt('x.json', '{"a": "b"}')
  t.equal((await open(json, { format: 'yaml', key: 'a' })).toString(), 'b')
  await t.rejects(open(json, { format: 'binary' }), { message: /it is not an encrypted binary file/ })
  await t.rejects(open(json, { format: 'dotenv' }), SourceError)
  await t.rejects(open(json, { format: 'ini' }), SourceError)
})

t.test('a file is decrypted once for all keys of a load', withoutSops, async (t) => {
  const file = sops.encrypt('once.yaml', 'a: one\nb: two\n')
  const context = { ...sops.context }
  const first = await open(file, { key: 'a', context })
  first.fill(0)
  rmSync(file)
  t.equal((await open(file, { key: 'b', context })).toString(), 'two')
  t.equal((await open(file, { key: 'a', context })).toString(), 'one', 'the value is a copy')
  await t.rejects(open(file, { key: 'a' }), { message: `${file}: no such file` })
})

t.test('a value that is larger than a secret can be', withoutSops, async (t) => {
  const file = sops.encrypt('large.bin', Buffer.alloc(MAX_SECRET_BYTES + 1, 'a'))
  await t.rejects(open(file), { message: /larger than a secret can be/ })
})
