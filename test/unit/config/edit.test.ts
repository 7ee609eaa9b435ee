import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ConfigError } from '../../../src/base/errors.ts'
import { declareSecret, declareSecrets, undeclareSecret } from '../../../src/config/edit.ts'
import { loadConfig } from '../../../src/config/load.ts'

const fields = { source: { sealed: 'n.sealed' }, owner: 'postgres', mode: '0440', units: ['x.service'] }

const block = `# top
secrets:
    a:   # about a
        source:   {text: "x"}     # why
        units:
          - a.service   # one
          - b.service

    # about b
    b: {source: {text: y}, mode: "0400"}  # tail

# end
store: s
`

async function edited(t: Test, before: string, change: (file: string) => Promise<void>): Promise<string> {
  const file = join(t.testdir({}), 'hushfs.yaml')
  writeFileSync(file, before)
  await change(file)
  return readFileSync(file, 'utf8')
}

t.test('a new secret comes after the last one and no other byte changes', async (t) => {
  const added = `    n/new:
      source: {sealed: n.sealed}
      owner: postgres
      mode: "0440"
      units: [x.service]
`
  const tail = '  # tail\n'
  t.equal(
    await edited(t, block, (file) => declareSecret(file, 'n/new', fields)),
    block.replace(tail, tail + added),
  )
})

t.test('given fields change, the others stay', async (t) => {
  t.equal(
    await edited(t, block, (file) => declareSecret(file, 'b', { owner: 5, mode: '0444', group: undefined })),
    block.replace('mode: "0400"}', 'mode: "0444", owner: 5}'),
  )
  t.equal(
    await edited(t, block, (file) =>
      declareSecret(file, 'a', { source: { sealed: 'n: #.sealed' }, mode: '0440' }),
    ),
    block
      .replace('{text: "x"}', '{sealed: "n: #.sealed"}')
      .replace('b.service\n', 'b.service\n        mode: "0440"\n'),
  )
})

t.test('several at once, new ones and declared ones, all or none', async (t) => {
  const entries = new Map<string, object>([
    ['n/one', { source: { sealed: '1.sealed' } }],
    ['b', { mode: '0440' }],
    ['n/two', { source: { sealed: '2.sealed' } }],
    ['a', { owner: 5 }],
  ])
  const tail = '  # tail\n'
  t.equal(
    await edited(t, block, (file) => declareSecrets(file, entries)),
    block
      .replace('mode: "0400"', 'mode: "0440"')
      .replace('b.service\n', 'b.service\n        owner: 5\n')
      .replace(
        tail,
        `${tail}    n/one:\n      source: {sealed: 1.sealed}\n    n/two:\n      source: {sealed: 2.sealed}\n`,
      ),
  )
  const bad = new Map<string, object>([...entries, ['a/b', { source: { sealed: 'x' } }]])
  t.equal(
    await edited(t, block, async (file) => {
      await t.rejects(declareSecrets(file, bad), ConfigError)
    }),
    block,
  )
})

t.test('a secret goes with its lines and leaves the rest', async (t) => {
  t.equal(
    await edited(t, block, (file) => undeclareSecret(file, 'b')),
    block.replace('    b: {source: {text: y}, mode: "0400"}  # tail\n', ''),
  )
  t.equal(
    await edited(t, block, (file) => undeclareSecret(file, 'a')),
    block.replace(/ {4}a:[^]*b\.service\n/, ''),
  )
  t.equal(await edited(t, block, (file) => undeclareSecret(file, 'zzz')), block)
})

t.test('the first secret of a file in each of its shapes', async (t) => {
  const shapes = [
    'store: s   # x',
    'secrets: {}  # none\nstore: s\n',
    'secrets:\n  # a: {}\nstore: s\n',
    'secrets: ~\n',
    'secrets: {a: {source: {text: x}}} # q\n',
    '{secrets: {}, store: x} # c\n',
    '{"secrets": null}',
    '{"store": "x"}',
    'secrets:\r\n  a: {source: {text: x}}\r\n',
    'secrets:\n  a:\n    source:\n      text: |+\n        hello\n\n\nstore: q\n',
    'secrets:\n  a: &x {source: {text: x}}\n  b: *x\n',
    'secrets:\n  "a": {source: {text: x}}\n...\n',
  ]
  for (const shape of shapes) {
    const before = join(t.testdir({}), 'before.yaml')
    writeFileSync(before, shape)
    const { secrets, store } = loadConfig(before)
    const file = before
    await declareSecret(file, 'n/new', fields)
    const after = loadConfig(file)
    t.equal(after.store, store, JSON.stringify(shape))
    t.strictSame(after.secrets.slice(0, -1), secrets)
    t.match(after.secrets.at(-1), {
      name: 'n/new',
      terms: { owner: 'postgres', mode: 0o440, units: ['x.service'] },
    })
    for (const comment of ['# x', '# none', '# a', '# q', '# c'].filter((words) => shape.includes(words)))
      t.match(readFileSync(file, 'utf8'), comment, `${comment} is still there`)
    await undeclareSecret(file, 'n/new')
    t.strictSame(loadConfig(file).secrets, secrets, `${JSON.stringify(shape)}, taken away again`)
  }
})

t.test('JSON stays JSON, laid out as it was', async (t) => {
  const json = '{\n    "store": "s",\n    "secrets": {\n        "a": {"source": {"text": "x"}}\n    }\n}\n'
  const added = await edited(t, json, (file) => declareSecret(file, 'b', { source: { sealed: 'b' } }))
  t.strictSame(JSON.parse(added), {
    store: 's',
    secrets: { a: { source: { text: 'x' } }, b: { source: { sealed: 'b' } } },
  })
  t.match(added, /\n {8}"b": \{\n {12}"source"/)
  const removed = await edited(t, json, (file) => undeclareSecret(file, 'a'))
  t.strictSame(JSON.parse(removed), { store: 's', secrets: {} })
})

t.test('names that YAML or JavaScript could take for something else', async (t) => {
  for (const name of ['__proto__', 'constructor', '7', 'true', 'null', '-', 'a:b', '1e3']) {
    for (const before of ['secrets: {}\n', 'secrets:\n  a: {source: {text: x}}\n', '{"secrets": {}}']) {
      const file = join(t.testdir({}), 'hushfs.yaml')
      writeFileSync(file, before)
      await declareSecret(file, name, { source: { sealed: 'f' } })
      t.ok(
        loadConfig(file).secrets.some((secret) => secret.name === name),
        `${name} in ${before}`,
      )
    }
  }
})

t.test('what would not load is not written', async (t) => {
  const file = join(t.testdir({}), 'hushfs.yaml')
  writeFileSync(file, block)
  const refused: [string, Parameters<typeof declareSecret>[2]][] = [
    ['a/b', { source: { sealed: 'x' } }],
    ['.x', { source: { sealed: 'x' } }],
    ['nosource', { owner: 'root' }],
    ['c', { source: { sealed: 'x' }, mode: '4755' }],
  ]
  for (const [name, given] of refused) await t.rejects(declareSecret(file, name, given), ConfigError, name)
  t.equal(readFileSync(file, 'utf8'), block)
  t.strictSame(readdirSync(join(file, '..')), ['hushfs.yaml'], 'no temporary file stays')
})

t.test('an alias that stands for the secret is left to the person', async (t) => {
  const file = join(t.testdir({}), 'hushfs.yaml')
  const text = 'secrets:\n  a: &x {source: {text: x}}\n  b: *x\n'
  writeFileSync(file, text)
  await t.rejects(declareSecret(file, 'b', { owner: 5 }), { message: /change it by hand/ })
  await t.rejects(undeclareSecret(file, 'a'), { message: /change it by hand/ })
  t.equal(readFileSync(file, 'utf8'), text)
})

t.test('mode, owner and a symbolic link stay', async (t) => {
  const folder = t.testdir({})
  mkdirSync(join(folder, 'real'))
  const target = join(folder, 'real', 'hushfs.yaml')
  const link = join(folder, 'hushfs.yaml')
  writeFileSync(target, block)
  chmodSync(target, 0o640)
  symlinkSync(target, link)
  const { ino } = statSync(target)
  await declareSecret(link, 'c', { source: { sealed: 'c' } })
  t.ok(lstatSync(link).isSymbolicLink())
  t.equal(statSync(target).mode & 0o7777, 0o640)
  t.not(statSync(target).ino, ino, 'replaced, not overwritten')
  t.strictSame(readdirSync(join(folder, 'real')), ['hushfs.yaml'])
})
