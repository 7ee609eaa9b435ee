import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
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
import { tagOf } from '../../../src/sealed/atomic.ts'
import { readRecipients } from '../../../src/sealed/recipients.ts'
import { rekey } from '../../../src/sealed/rekey.ts'
import { sealSecret } from '../../../src/sealed/seal.ts'
import {
  listStore,
  removeSealedFile,
  storeFile,
  withStore,
  writeSealedFile,
} from '../../../src/sealed/store.ts'
import { keyPair } from '../../support/keys.ts'

const alice = await keyPair(1)
const bytes = Buffer.from('ciphertext')
const names = (folder: string) => listStore(folder).map(({ name }) => name)
const isRoot = process.getuid?.() === 0

t.test('a name has one place', (t) => {
  t.equal(storeFile('/store', 'db/password'), '/store/db/password.sealed')
  t.equal(storeFile('/store', 'n'.repeat(248)), `/store/${'n'.repeat(248)}.sealed`)
  t.throws(() => storeFile('/store', 'n'.repeat(249)), { code: 'ERR_STORE', message: /248 bytes/ })
  for (const name of ['', '/a', 'a/', 'a//b', '.a', 'a/.b', '..', '../a', 'a b', 'a\n', 'ä', 'a\0']) {
    t.throws(() => storeFile('/store', name), { code: 'ERR_STORE' }, JSON.stringify(name))
  }
  t.end()
})

t.test('what is written is listed, and nothing else', async (t) => {
  const folder = join(t.testdir(), 'new', 'store')
  t.same(listStore(folder), [], 'a store that is not there yet is empty')
  await withStore({ folder }, (store) => {
    for (const name of ['z', 'a/b', 'a.b', 'a/c/d'])
      writeSealedFile(store, storeFile(store.folder, name), bytes)
  })
  writeFileSync(join(folder, 'README'), 'notes')
  writeFileSync(join(folder, '.hidden.sealed'), '')
  writeFileSync(join(folder, '.sealed'), '')
  t.same(names(folder), ['a.b', 'a/b', 'a/c/d', 'z'])
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.equal(statSync(join(folder, 'a/b.sealed')).mode & 0o777, 0o600)
})

t.test('replacing keeps owner and mode, and follows a link', async (t) => {
  const folder = t.testdir({ store: {}, elsewhere: { 'real.sealed': 'old' } })
  const real = join(folder, 'elsewhere', 'real.sealed')
  const link = join(folder, 'link.sealed')
  symlinkSync(real, link)
  chmodSync(real, 0o640)
  if (isRoot) chownSync(real, 12345, 23456)
  const { uid, gid } = statSync(real)
  await withStore({ folder: join(folder, 'store') }, (store) => writeSealedFile(store, link, bytes))
  t.ok(lstatSync(link).isSymbolicLink())
  t.same(readFileSync(real), bytes)
  t.match(statSync(real), { uid, gid, mode: 0o100640 })
})

t.test('removing takes the empty folders along', async (t) => {
  const folder = t.testdir()
  await withStore({ folder }, (store) => {
    for (const name of ['a/b/c', 'a/d']) writeSealedFile(store, storeFile(store.folder, name), bytes)
    removeSealedFile(store, storeFile(store.folder, 'a/b/c'))
    t.same(readdirSync(join(folder, 'a')), ['d.sealed'])
    removeSealedFile(store, storeFile(store.folder, 'a/d'))
    t.same(readdirSync(folder), ['.lock'])
    t.throws(() => removeSealedFile(store, storeFile(store.folder, 'a/d')), {
      code: 'ERR_STORE',
      message: /a\/d\.sealed: no such file/,
    })
  })
})

t.test('removing elsewhere leaves the folder', async (t) => {
  const folder = t.testdir({ store: {}, elsewhere: { 'x.sealed': '' } })
  await withStore({ folder: join(folder, 'store') }, (store) => {
    removeSealedFile(store, join(folder, 'elsewhere', 'x.sealed'))
  })
  t.same(readdirSync(join(folder, 'elsewhere')), [])
})

t.test('temporary files of killed runs go; those of another store in the same folder stay', async (t) => {
  const root = t.testdir({ mine: { sub: {} }, other: {}, shared: { 'x.sealed': '' } })
  const temporary = (tag: string) => `.hushfs-${tag}-0123456789abcdef.tmp`
  const [mine, other] = [temporary(tagOf(join(root, 'mine'))), temporary(tagOf(join(root, 'other')))]
  for (const name of [mine, other]) {
    writeFileSync(join(root, 'mine', 'sub', name), '')
    writeFileSync(join(root, 'shared', name), '')
  }
  writeFileSync(join(root, 'shared', '.hushfs-notes.tmp'), '')
  const elsewhere = [join(root, 'shared', 'x.sealed'), join(root, 'gone', 'y.sealed')]
  await withStore({ folder: join(root, 'mine'), elsewhere }, () => {
    t.same(readdirSync(join(root, 'mine', 'sub')), [])
    t.same(readdirSync(join(root, 'shared')).sort(), ['.hushfs-notes.tmp', other, 'x.sealed'].sort())
  })
})

t.test('a second writer waits until the first is done', async (t) => {
  const folder = t.testdir()
  const order: string[] = []
  let second: Promise<void> | undefined
  await withStore({ folder }, async () => {
    order.push('first in')
    await new Promise<void>((waiting) => {
      const onWait = () => {
        order.push('second waits')
        waiting()
      }
      second = withStore({ folder, onWait }, () => void order.push('second in'))
    })
    order.push('first out')
  })
  await second
  t.same(order, ['first in', 'second waits', 'first out', 'second in'])
})

t.test('the lock is given back when the work fails', async (t) => {
  const folder = t.testdir()
  const failing = withStore({ folder }, () => Promise.reject(new Error('as planned')))
  await t.rejects(failing, { message: 'as planned' })
  t.equal(await withStore({ folder }, () => 'in'), 'in')
})

const full = 'a full disk: the old files are untouched and nothing is left'
t.test(full, { skip: !isRoot && 'needs root to mount a small disk' }, async (t) => {
  const folder = join(t.testdir({ disk: {} }), 'disk')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96k,mode=0700', 'tmpfs', folder])
  try {
    await fillDisk(t, folder)
  } finally {
    execFileSync('umount', [folder])
  }
})

async function fillDisk(t: Test, folder: string): Promise<void> {
  const keys = { identities: [alice.identity], identityProblems: [] }
  const values = ['a', 'b', 'c']
  await withStore({ folder }, async (store) => {
    const { recipients } = await readRecipients(store.folder, keys.identities)
    for (const name of values) {
      const sealed = await sealSecret(name, Buffer.alloc(12_000, name), recipients)
      writeSealedFile(store, storeFile(store.folder, name), sealed)
    }
    const contents = () => values.map((name) => readFileSync(storeFile(folder, name)))
    const before = contents()
    const entries = readdirSync(folder)
    const big = await sealSecret('a', Buffer.alloc(60_000), recipients)
    t.throws(() => writeSealedFile(store, storeFile(store.folder, 'a'), big), {
      code: 'ERR_STORE',
      message: `${folder}/a.sealed: can't be written: no space left`,
    })
    const growing = rekey(store, { keys, elsewhere: [], add: [(await keyPair(2)).recipient], remove: [] })
    await t.rejects(growing, { code: 'ERR_STORE', message: /no space left/ })
    t.same(contents(), before)
    t.same(readdirSync(folder), entries)
  })
}

t.test('where no folder can be made the error names it', async (t) => {
  const folder = t.testdir({ file: '' })
  await t.rejects(
    withStore({ folder: join(folder, 'file', 'store') }, () => undefined),
    {
      code: 'ERR_STORE',
      message: /file\/store: can't be written: .*not a directory/,
    },
  )
  await withStore({ folder: join(folder, 's') }, (store) => {
    mkdirSync(join(folder, 's', 'a.sealed'))
    t.throws(() => writeSealedFile(store, storeFile(store.folder, 'a'), bytes), {
      code: 'ERR_STORE',
      message: /a\.sealed: can't be written: /,
    })
    t.same(readdirSync(join(folder, 's')).sort(), ['.lock', 'a.sealed'])
  })
})
