import { join } from 'node:path'
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { sopsSource } from '../../../../src/sources/sops.ts'
import { sopsIn, withoutSops } from '../../../support/sops.ts'

t.setTimeout(300_000)

const sops = sopsIn(t.testdir())

async function open(file: string, key?: string): Promise<string> {
  const spec = { file, key, format: undefined }
  return Buffer.from(await sopsSource.open(spec, 'name', { ...sops.context })).toString()
}

const yaml = `open_unencrypted:
  port: 0777
  day: 2002-12-14
  float: 1.50
  list: [1, two, true, null]
secret_enc:
  port: 5432
  nested:
    password: hidden
plain: text
Password: hidden
# keep clear: here
marked: marked value
after: next
listed:
  - a
  - b
`
const dotenv = '# keep clear: here\nopen_unencrypted=1\nsecret_enc=hidden\nplain=x\\ny\nPassword=hidden\n'
const ini =
  '[s]\n; keep clear: here\nopen_unencrypted = "a b"\nsecret_enc = hidden\nplain = `x;y`\nPassword = z\n'
const json = JSON.stringify({
  open_unencrypted: { port: 777, float: 1.5, list: [1, 'two', true, null] },
  secret_enc: { port: 5432, nested: { password: 'hidden' } },
  plain: 'text',
  Password: 'hidden',
  listed: ['a', 'b'],
})

/** A value in the clear, in what stands before the metadata. */
const clear = {
  'r.yaml': /(?::|-) (?!ENC\[)\S/,
  'r.json': /": ?(?!"ENC\[)["\d]/,
  'r.env': /^\w+=(?!ENC\[)/m,
  'r.ini': /^\w+ += (?!ENC\[)/m,
}

const rules: [string, string][] = [
  ['unencrypted_suffix', '_unencrypted'],
  ['unencrypted_suffix', 'd'],
  ['encrypted_suffix', '_enc'],
  ['unencrypted_regex', '^(plain|list.*)$'],
  ['encrypted_regex', '(?i)^password$'],
  ['encrypted_regex', '^(?P<x>\\pL+)$'],
  ['unencrypted_comment_regex', 'keep clear'],
  ['encrypted_comment_regex', 'keep clear'],
]

for (const only of [false, true])
  for (const [field, text] of rules)
    t.test(`${field}: ${text}${only ? ', mac_only_encrypted' : ''}`, withoutSops, async (t) => {
      const rule = { age: sops.recipient, [field]: text, ...(only ? { mac_only_encrypted: true } : {}) }
      for (const [name, plain] of [
        ['r.yaml', yaml],
        ['r.json', json],
        ['r.env', dotenv],
        ['r.ini', ini],
      ] as const) {
        const file = sops.encryptBy(name, plain, rule)
        const written = readFileSync(file, 'utf8')
        t.match(written, only ? /mac_only_encrypted"?(: | *=|\\=)/ : /mac/)
        const [data = ''] = written.split(/^\s*(?:"?sops"?:|sops_|\[sops\])/m)
        // A rule about comments matches nothing in JSON, and one about letters all of it.
        const isPartial = name !== 'r.json' || !/comment/.test(field)
        if (isPartial && !text.includes('pL')) t.match(data, clear[name], 'some are in the clear')
        if (isPartial) t.match(data, 'ENC[', 'others are not')
        t.equal(await open(file), sops.decrypt(file).toString(), name)
      }
    })

t.test('what is in the clear can be changed only where the MAC leaves it out', withoutSops, async (t) => {
  const change = async (only: boolean) => {
    const rule = { age: sops.recipient, mac_only_encrypted: only }
    const file = sops.encryptBy('clear.yaml', 'a_unencrypted: one\nb: two\n', rule)
    writeFileSync(file, readFileSync(file, 'utf8').replace('one', 'eno'))
    return open(file, 'a_unencrypted')
  }
  await t.rejects(change(false), { message: /clear\.yaml: the MAC doesn't fit/ })
  t.equal(await change(true), 'eno')
})

t.test('metadata with two rules, or with a rule that is none', withoutSops, async (t) => {
  const file = sops.encrypt('two.yaml', 'a: one\n')
  const text = readFileSync(file, 'utf8')
  const changed = async (line: string) => {
    const other = join(sops.folder, 'changed.yaml')
    writeFileSync(other, text.replace('    unencrypted_suffix: _unencrypted\n', line))
    return open(other, 'a')
  }
  t.equal(await changed(''), 'one', 'the suffix is the default')
  await t.rejects(changed('    unencrypted_suffix: x\n    encrypted_regex: y\n'), { message: /two rules/ })
  await t.rejects(changed('    encrypted_regex: "(?<=a)b"\n'), { message: /not a regular expression/ })
  await t.rejects(changed('    encrypted_regex: "["\n'), { message: /not a regular expression/ })
  await t.rejects(changed('    future_rule: x\n'), { message: /a field that is not known: "future_rule"/ })
})

t.test('comments in lists, which sops itself can not read again', withoutSops, async (t) => {
  const file = sops.encrypt('comments.yaml', 'list:\n  - one # behind\n  # above\n  - two\n  # last\n')
  t.throws(() => sops.decrypt(file), /MAC mismatch/)
  t.equal(await open(file, 'list/1'), 'two')
  t.equal(await open(file), 'list:\n    # behind\n    - one\n    # above\n    - two\n    # last\n')
})
