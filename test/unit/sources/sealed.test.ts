import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sealSecret } from '../../../src/sealed/seal.ts'
import { sealedSource } from '../../../src/sources/sealed.ts'
import { keyPair } from '../../support/keys.ts'

const { identity, recipient } = await keyPair(1)
const context = { identities: [identity], identityProblems: [] }

t.test('opens a file for the secret that it belongs to', async (t) => {
  const file = join(t.testdir(), 'x.sealed')
  writeFileSync(file, await sealSecret('db/password', Buffer.from('v\n'), [recipient]))
  t.same(Buffer.from(await sealedSource.open({ file }, 'db/password', context)), Buffer.from('v\n'))
  await t.rejects(sealedSource.open({ file }, 'web/password', context), {
    code: 'ERR_SEALED',
    message: `${file}: belongs to secret db/password, not web/password: was it renamed or swapped?`,
  })
})

t.test('without an identity the error names file, recipients and the identity that is missing', async (t) => {
  const file = join(t.testdir(), 'x.sealed')
  writeFileSync(file, await sealSecret('a', Buffer.from('v'), [recipient]))
  const problems = { identities: [], identityProblems: ['/nowhere/key: no such file'] }
  await t.rejects(sealedSource.open({ file }, 'a', problems), {
    message: `${file}: no configured identity opens it; its recipients are ${recipient.text} (/nowhere/key: no such file)`,
  })
})

t.test('what is no sealed file is refused without reading or waiting', async (t) => {
  const folder = t.testdir({ 'big.sealed': Buffer.alloc(1_500_001, 'A').toString(), 'empty.sealed': '' })
  const fifo = join(folder, 'fifo.sealed')
  execFileSync('mkfifo', [fifo])
  const reasons: readonly (readonly [string, RegExp])[] = [
    [join(folder, 'big.sealed'), /larger than 1500000 bytes/],
    [join(folder, 'empty.sealed'), /is not a sealed file/],
    [fifo, /not a regular file/],
    [folder, /not a regular file/],
    ['/dev/zero', /not a regular file/],
    [join(folder, 'none.sealed'), /none\.sealed: no such file/],
  ]
  for (const [file, reason] of reasons) {
    const opening = sealedSource.open({ file }, 'a', context)
    await t.rejects(opening, { code: 'ERR_SEALED', message: reason }, file)
    await t.rejects(opening, { message: new RegExp(`^${file}`) })
  }
})
