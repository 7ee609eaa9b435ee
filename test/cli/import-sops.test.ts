import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { runHushfs } from '../support/run-hushfs.ts'
import { sopsIn, withoutSops } from '../support/sops.ts'
import { contents } from '../support/try-out.ts'

t.setTimeout(120_000)

interface Document {
  readonly declared: string[]
  readonly kept: string[]
  readonly skipped: { what: string; reason: string }[]
}

const PLAIN = `db:
  password: sentinel-4be1
  hosts:
    # first
    - one
    - port: 5432
empty: ""
mine: theirs
"has space": x
.dot: x
"a/b": x
"123": n
none: {}
`

/** A configuration and a file of sops beside it. */
function example(t: Test, yaml: string, name = 'app.yaml', plain = PLAIN) {
  const sops = sopsIn(t.testdir({}))
  const config = join(sops.folder, 'hushfs.yaml')
  writeFileSync(config, yaml)
  const file = sops.encrypt(name, plain)
  const run = (args: readonly string[]) => runHushfs([...args, '--config', config])
  const imported = async () => {
    const done = await run(['import', 'sops', file, '--json'])
    t.equal(done.status, 0, done.stderr)
    return JSON.parse(done.stdout) as Document
  }
  return { sops, config, file, run, imported }
}

t.test('every value of a file becomes a secret that opens', withoutSops, async (t) => {
  const { sops, config, file, run, imported } = example(
    t,
    '# mine\nidentities: [key.txt]\nsecrets:\n  mine: {source: {text: mine}} # stays\n',
  )
  const before = readFileSync(file)
  t.strictSame(await imported(), {
    declared: ['db/password', 'db/hosts/0', 'db/hosts/1/port', 'empty', '123'],
    kept: ['mine'],
    skipped: [
      { what: 'has space', reason: 'the name has a character other than A-Z a-z 0-9 . _ @ : + - and /' },
      { what: '.dot', reason: 'the name has a part that starts with a dot' },
      { what: 'a/b', reason: 'a key with a slash in it can not be picked' },
    ],
  })
  t.match(
    readFileSync(config, 'utf8'),
    /^# mine\n[^]*# stays\n[^]*source: \{sops: \{file: app\.yaml, key: db\/password\}\}/,
  )
  t.ok(before.equals(readFileSync(file)))
  for (const [path, content] of Object.entries(contents(sops.folder)))
    t.notMatch(content, 'sentinel-4be1', `no plaintext in ${path}`)
  const check = await run(['check'])
  t.equal(check.status, 0, check.stdout)
  for (const [name, value] of [
    ['db/password', 'sentinel-4be1'],
    ['db/hosts/0', 'one'],
    ['db/hosts/1/port', '5432'],
    ['empty', ''],
    ['mine', 'mine'],
  ] as const)
    t.equal((await run(['get', name])).stdout, value, name)

  const again = await run(['import', 'sops', file])
  t.equal(again.status, 0)
  t.match(again.stdout, /^kept {6}db\/password {2}\(it is declared already\)$/m)
  t.match(again.stdout, /^skipped {3}has space/m)
  t.match(again.stderr, /sops\.secrets/)
})

t.test('a thousand keys, in YAML and JSON', withoutSops, async (t) => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, `${index}`]))
  for (const yaml of [
    'identities: [key.txt]\nsecrets:\n  own: {source: {text: x}}\n',
    '{"identities": ["key.txt"]}',
  ]) {
    const { config, imported, run } = example(t, yaml, 'many.json', JSON.stringify(many))
    t.equal((await imported()).declared.length, 1000)
    t.ok(loadConfig(config).secrets.length >= 1000)
    const check = await run(['check'])
    t.equal(check.status, 0, check.stderr)
  }
})

t.test('dotenv, ini and binary', withoutSops, async (t) => {
  const env = example(t, 'secrets: {}\n', 'app.env', 'A=1\nB=2\n')
  t.strictSame((await env.imported()).declared, ['A', 'B'])
  const ini = example(t, 'secrets: {}\n', 'app.ini', '[s]\na = 1\n')
  t.strictSame((await ini.imported()).declared, ['s/a'])
  const binary = example(t, 'secrets: {}\n', 'app.key', 'bytes')
  t.strictSame(await binary.imported(), {
    declared: [],
    kept: [],
    skipped: [{ what: 'data', reason: 'a binary file has no keys to name it by' }],
  })
  const noted = await binary.run(['import', 'sops', binary.file])
  t.match(noted.stderr, /declare it as \{sops: \{file: .*app\.key\}\}/)
})

t.test('what is no file of sops', withoutSops, async (t) => {
  const { sops, config, run } = example(t, 'secrets: {}\n')
  const plain = join(sops.folder, 'plain.yaml')
  writeFileSync(plain, 'a: b\n')
  const before = readFileSync(config, 'utf8')
  const refused: [string, number, RegExp][] = [
    [join(sops.folder, 'absent.yaml'), 2, /absent\.yaml: no such file/],
    [sops.folder, 2, /not a regular file/],
    [plain, 1, /plain\.yaml: it has no sops metadata/],
    [join(sops.folder, 'key.txt'), 1, /key\.txt: it is not JSON/],
  ]
  for (const [path, status, message] of refused) {
    const done = await run(['import', 'sops', path])
    t.equal(done.status, status, path)
    t.match(done.stderr, message)
  }
  t.equal(readFileSync(config, 'utf8'), before)
})
