import { join } from 'node:path'
import t from 'tap'
import { SourceError } from '../../../src/base/errors.ts'
import { loadIdentities } from '../../../src/identity/load.ts'
import { ageSource } from '../../../src/sources/age.ts'
import { run } from '../../support/tools.ts'

const folder = join(import.meta.dirname, '../../fixtures/agenix')
const files = [
  '-leading-hyphen-filename.age',
  'armored-secret.age',
  'passwordfile-user1.age',
  'secret1.age',
  'secret2.age',
]
/** Whom the examples' secrets.nix encrypts only for user1. */
const notForSystem1 = new Set(['armored-secret.age', 'secret2.age'])

for (const key of ['system1', 'user1'])
  t.test(`the files of agenix open with ${key} as with age itself`, async (t) => {
    const { identities, problems } = loadIdentities([join(folder, key)])
    t.same(problems, [])
    const context = { identities, identityProblems: problems }
    for (const name of files) {
      const file = join(folder, name)
      const opening = ageSource.open({ file }, 'name', context)
      if (key === 'system1' && notForSystem1.has(name)) {
        await t.rejects(opening, SourceError)
        await t.rejects(opening, {
          message: `${file}: no configured identity opens it; it is encrypted for: ssh-ed25519`,
        })
        continue
      }
      const plaintext = await opening
      t.ok(plaintext.length > 0)
      t.same(Buffer.from(plaintext), run('age', ['-d', '-i', join(folder, key), file]), name)
    }
  })
