import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { recipientOf } from '../../../../src/identity/recipient.ts'
import { sopsSource } from '../../../../src/sources/sops.ts'
import type { OpenContext } from '../../../../src/sources/source.ts'
import { ageRecipientOf } from '../../../support/age-recipient.ts'
import { contextOf, sopsIn, withoutSops } from '../../../support/sops.ts'
import { run, sshKeygen } from '../../../support/tools.ts'

t.setTimeout(300_000)

const folder = t.testdir()
const sops = sopsIn(folder)
const path = (name: string) => join(folder, name)

async function value(file: string, context: OpenContext, key = 'a'): Promise<string> {
  return Buffer.from(
    await sopsSource.open({ file, key, format: undefined }, 'name', { ...context }),
  ).toString()
}

function ageKey(name: string): { file: string; recipient: string } {
  const file = path(name)
  run('age-keygen', ['-o', file])
  return { file, recipient: run('age-keygen', ['-y', file]).toString().trim() }
}

t.test('the files of sops-nix, for an age key and by way of ssh-to-age', async (t) => {
  const fixtures = join(import.meta.dirname, '../../../fixtures/sops')
  for (const key of ['age-keys.txt', 'ssh-ed25519-key']) {
    const context = contextOf(join(fixtures, key))
    const file = join(fixtures, 'secrets.yaml')
    t.equal(await value(file, context, 'test_key'), 'test_value')
    t.equal(await value(file, context, 'nested/test/file'), 'another value')
    t.match(await value(file, context, 'a_list/0'), /^..$/)
  }
})

t.test('SSH keys open what is encrypted for them, and for their ssh-to-age form', withoutSops, async (t) => {
  const ed25519 = sshKeygen(path('ed25519'), '-t', 'ed25519')
  const rsa = sshKeygen(path('rsa'), '-t', 'rsa', '-b', '2048')
  const converted = recipientOf(contextOf(ed25519).identities[0] as never)
  if (converted === undefined) throw new Error('an Ed25519 key has a recipient')
  const recipients: [string, string][] = [
    [ed25519, readFileSync(`${ed25519}.pub`, 'utf8').trim()],
    [rsa, readFileSync(`${rsa}.pub`, 'utf8').trim()],
    [ed25519, ageRecipientOf(converted)],
  ]
  for (const [key, recipient] of recipients) {
    const file = sops.encrypt('ssh.yaml', 'a: value', ['--age', recipient])
    t.equal(await value(file, contextOf(key)), 'value', recipient.slice(0, 12))
    await t.rejects(value(file, sops.context), { message: /no configured identity opens it/ })
  }
  const all = recipients.map(([, recipient]) => recipient).join(',')
  const file = sops.encrypt('ssh.yaml', 'a: value', ['--age', `${sops.recipient},${all}`])
  for (const key of [ed25519, rsa]) t.equal(await value(file, contextOf(key)), 'value')
  await t.rejects(value(file, contextOf(ageKey('stranger').file)), {
    message: new RegExp(
      `ssh\\.yaml: no configured identity opens it; it is encrypted for: ${sops.recipient}`,
    ),
    hint: /--add-age/,
  })
})

t.test('key groups: as many as the threshold says', withoutSops, async (t) => {
  const keys = ['one', 'two', 'three'].map(ageKey)
  const key_groups = keys.map(({ recipient }) => ({ age: [recipient] }))
  for (const [name, plain] of [
    ['g.yaml', 'a: value'],
    ['g.json', '{"a": "value"}'],
    ['g.env', 'a=value\n'],
    ['g.ini', '[s]\na = value\n'],
  ] as const)
    for (const threshold of [2, 3]) {
      const file = sops.encryptBy(name, plain, { shamir_threshold: threshold, key_groups })
      const key = name.endsWith('.ini') ? 's/a' : 'a'
      const files = keys.map((pair) => pair.file)
      t.equal(await value(file, contextOf(...files), key), 'value', `${name}: all of ${threshold}`)
      for (const missing of files) {
        const context = contextOf(...files.filter((other) => other !== missing))
        if (threshold === 2) t.equal(await value(file, context, key), 'value', `${name}: 2 of 3`)
        else
          await t.rejects(value(file, context, key), {
            message: /3 of its 3 key groups are needed and 2 can be opened: .*age1/,
          })
      }
      for (const only of files) await t.rejects(value(file, contextOf(only), key), { code: 'ERR_SOURCE' })
    }
})

t.test('keys that hushfs can not ask are named', withoutSops, async (t) => {
  const file = sops.encrypt('other.yaml', 'a: value')
  const text = readFileSync(file, 'utf8')
  const others: [string, RegExp][] = [
    ['pgp:\n        - {created_at: "2020-07-12T08:03:51Z", enc: x, fp: 7FB89715}', /PGP key 7FB89715/],
    [
      'kms:\n        - {arn: "arn:aws:kms:x", created_at: "2020-07-12T08:03:51Z", enc: x}',
      /AWS KMS key arn:aws:kms:x/,
    ],
    ['gcp_kms:\n        - {resource_id: projects/p, created_at: "2020", enc: x}', /GCP KMS key projects\/p/],
    ['hckms:\n        - {key_id: r:k, created_at: "2020", enc: x}', /HuaweiCloud KMS key r:k/],
    [
      'azure_kv:\n        - {vault_url: u, name: n, version: v, created_at: x, enc: x}',
      /Azure Key Vault key n/,
    ],
    [
      'hc_vault:\n        - {vault_address: u, engine_path: e, key_name: k, created_at: x, enc: x}',
      /Vault transit key k/,
    ],
  ]
  const age = /age:\n(?: {8}.*\n)+/
  for (const [yaml, message] of others) {
    writeFileSync(path('only.yaml'), text.replace(age, `${yaml}\n`))
    await t.rejects(value(path('only.yaml'), sops.context), { message, hint: /add an age recipient/ })
    await t.rejects(value(path('only.yaml'), sops.context), { message: /it has no age recipient/ })
    writeFileSync(
      path('both.yaml'),
      text.replace(age, (own) => `${yaml}\n    ${own}`),
    )
    t.equal(
      await value(path('both.yaml'), sops.context),
      'value',
      'beside an age key they are in nobody’s way',
    )
  }
  writeFileSync(path('none.yaml'), text.replace(age, 'age: []\n'))
  await t.rejects(value(path('none.yaml'), sops.context), { message: /it is encrypted for no key/ })
})

t.test('identities that can not be used are told', withoutSops, async (t) => {
  const file = sops.encrypt('told.yaml', 'a: value')
  copyFileSync(file, path('copy.yaml'))
  await t.rejects(value(path('copy.yaml'), contextOf(path('absent'))), {
    message: /copy\.yaml: .*encrypted for: .*absent: no such file/,
  })
})
