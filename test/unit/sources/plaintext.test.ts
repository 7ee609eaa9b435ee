import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SourceError } from '../../../src/base/errors.ts'
import { openSource } from '../../../src/sources/registry.ts'
import { MAX_SECRET_BYTES } from '../../../src/sources/source.ts'

const context = { identities: [], identityProblems: [] }

t.test('text is its UTF-8 bytes, up to 1 MiB', async (t) => {
  const open = (value: string) => openSource({ kind: 'text', value }, 'a', context)
  t.strictSame(Buffer.from(await open('é\n')), Buffer.from('é\n'))
  t.equal((await open('')).length, 0)
  t.equal((await open('x'.repeat(MAX_SECRET_BYTES))).length, MAX_SECRET_BYTES)
  await t.rejects(open('é'.repeat(MAX_SECRET_BYTES / 2) + 'x'), SourceError)
})

t.test('a file is its bytes, up to 1 MiB', async (t) => {
  const path = join(t.testdir({}), 'value')
  const open = () => openSource({ kind: 'file', path }, 'a', context)
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  writeFileSync(path, bytes)
  t.strictSame(Buffer.from(await open()), Buffer.from(bytes))
  truncateSync(path, MAX_SECRET_BYTES)
  t.equal((await open()).length, MAX_SECRET_BYTES)
  truncateSync(path, MAX_SECRET_BYTES + 1)
  await t.rejects(open(), { code: 'ERR_SOURCE', message: new RegExp(path) })
  await t.rejects(openSource({ kind: 'file', path: `${path}.no` }, 'a', context), {
    code: 'ERR_SOURCE',
    message: `${path}.no: no such file`,
  })
})
