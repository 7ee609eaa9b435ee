import { readdirSync, readFileSync, renameSync, symlinkSync, lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseSealedFile, openSealedFile } from '../../../src/sealed/file.ts'
import { rekey, type RekeyRequest } from '../../../src/sealed/rekey.ts'
import { sealSecret } from '../../../src/sealed/seal.ts'
import { storeFile, withStore, writeSealedFile } from '../../../src/sealed/store.ts'
import { keyPair } from '../../support/keys.ts'

const alice = await keyPair(1)
const bob = await keyPair(2)
const keys = { identities: [alice.identity], identityProblems: [] }
const bobsKeys = { identities: [bob.identity], identityProblems: [] }
const plain = { keys, elsewhere: [], add: [], remove: [] }

const recipientsOf = (file: string) => parseSealedFile(file).recipients.map(({ text }) => text)
const both = [alice.recipient.text, bob.recipient.text].sort()

async function fill(folder: string, names: readonly string[]): Promise<void> {
  await withStore({ folder }, async (store) => {
    for (const name of names) {
      const sealed = await sealSecret(name, Buffer.from(`value of ${name}`), [alice.recipient])
      writeSealedFile(store, storeFile(store.folder, name), sealed)
    }
  })
}

const run = (folder: string, request: Partial<RekeyRequest>) =>
  withStore({ folder }, (store) => rekey(store, { ...plain, ...request }))

t.test('adds and removes a recipient, in the store and elsewhere', async (t) => {
  const root = t.testdir({ store: {}, elsewhere: {} })
  const folder = join(root, 'store')
  await fill(folder, ['a', 'b/c'])
  const outside = join(root, 'elsewhere', 'x.sealed')
  const link = join(root, 'elsewhere', 'link.sealed')
  writeFileSync(outside, await sealSecret('web/x', Buffer.from('value of web/x'), [alice.recipient]))
  symlinkSync('x.sealed', link)
  const files: readonly (readonly [string, string])[] = [
    [storeFile(folder, 'a'), 'a'],
    [storeFile(folder, 'b/c'), 'b/c'],
    [outside, 'web/x'],
  ]
  const steps: [number, number][] = []
  const onFile = (done: number, total: number) => void steps.push([done, total])
  const elsewhere = [outside, link, storeFile(folder, 'a')]
  const result = await run(folder, { add: [bob.recipient], elsewhere, onFile })
  t.same([result.files, result.recipients.map(({ text }) => text).sort()], [3, both])
  t.same(steps, [
    [1, 3],
    [2, 3],
    [3, 3],
  ])
  for (const [file, name] of files) {
    t.same(recipientsOf(file), both)
    t.equal(Buffer.from(await openSealedFile(file, name, bobsKeys)).toString(), `value of ${name}`)
  }
  t.ok(lstatSync(link).isSymbolicLink())
  await run(folder, {
    remove: [alice.recipient],
    elsewhere,
    keys: { ...keys, identities: [alice.identity, bob.identity] },
  })
  for (const [file, name] of files) {
    t.same(recipientsOf(file), [bob.recipient.text])
    await t.rejects(openSealedFile(file, name, keys), { message: /no configured identity opens it/ })
  }
  t.match(readFileSync(join(folder, '.recipients'), 'utf8'), bob.recipient.text)
  t.same(readdirSync(folder).sort(), ['.lock', '.recipients', 'a.sealed', 'b'])
})

t.test('without a change: fresh data keys, and no list is begun', async (t) => {
  const folder = t.testdir()
  await fill(folder, ['a'])
  const before = readFileSync(storeFile(folder, 'a'))
  await run(folder, {})
  t.notSame(readFileSync(storeFile(folder, 'a')), before)
  t.same(recipientsOf(storeFile(folder, 'a')), [alice.recipient.text])
  t.same(readdirSync(folder).sort(), ['.lock', 'a.sealed'])
})

t.test('one file that does not open: nothing changes and the error names it', async (t) => {
  const folder = t.testdir()
  await fill(folder, ['a', 'b', 'c'])
  const none = join(folder, 'none.sealed')
  await t.rejects(run(folder, { elsewhere: [none] }), { message: `${none}: no such file` })
  const bad = storeFile(folder, 'b')
  const damaged = readFileSync(bad)
  damaged[damaged.length - 5] = (damaged[damaged.length - 5] ?? 0) ^ 1
  const foreign = await sealSecret('b', Buffer.from('bob only'), [bob.recipient])
  for (const [bytes, reason] of [
    [damaged, /authenticate|canonical/],
    [foreign, /no configured identity opens it/],
  ] as const) {
    writeFileSync(bad, bytes)
    const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')])
    await t.rejects(run(folder, { add: [bob.recipient] }), { code: 'ERR_SEALED', message: reason })
    await t.rejects(run(folder, { add: [bob.recipient] }), { message: new RegExp(`^${bad}: `) })
    t.same(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
      before,
    )
  }
})

t.test('a store that was moved with a journal in it is still brought to its end', async (t) => {
  const root = t.testdir({ old: {} })
  const [old, moved] = [join(root, 'old'), join(root, 'moved')]
  await fill(old, ['a'])
  const temporary = '.hushfs-0123456789ab-0123456789abcdef.tmp'
  writeFileSync(
    join(old, temporary),
    await sealSecret('a', Buffer.from('new'), [alice.recipient, bob.recipient]),
  )
  const journal = { version: 1, replace: [{ temporary, target: 'a.sealed' }] }
  writeFileSync(join(old, '.rekey'), JSON.stringify(journal))
  renameSync(old, moved)
  await withStore({ folder: moved }, () => undefined)
  t.same(recipientsOf(storeFile(moved, 'a')), both)
  t.same(readdirSync(moved).sort(), ['.lock', 'a.sealed'])
})

t.test('a journal that this version did not write stops every change', async (t) => {
  const folder = t.testdir()
  const temporary = '.hushfs-0123456789ab-0123456789abcdef.tmp'
  const one = (entry: unknown, version: unknown = 1) => JSON.stringify({ version, replace: [entry] })
  const journals = [
    '',
    'null',
    '{"version":1}',
    one({ temporary, target: 'a.sealed' }, 2),
    one({ temporary }),
    one({ temporary: 'passwd', target: 'a.sealed' }),
    one({ temporary: `/tmp/${temporary}`, target: '/etc/passwd' }),
  ]
  for (const text of journals) {
    writeFileSync(join(folder, '.rekey'), text)
    const locked = withStore({ folder }, () => undefined)
    await t.rejects(locked, { code: 'ERR_STORE', message: /\.rekey: is not a journal/ }, text)
    t.equal(readFileSync(join(folder, '.rekey'), 'utf8'), text)
  }
})
