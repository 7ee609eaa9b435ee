/** Who has agenix' files mounts them as they are, with ten lines of configuration. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mounted, workFolder } from '../support/mount.ts'
import { output, run } from '../support/process.ts'

const fixtures = join(import.meta.dirname, '../fixtures/agenix')

const config = (key: string) => `identities: [./agenix/${key}]
secrets:
  secret1: {source: {age: agenix/secret1.age}}
  secret2: {source: {age: agenix/secret2.age}}
  password: {source: {age: agenix/passwordfile-user1.age}, mode: "0440"}
  armored: {source: {age: agenix/armored-secret.age}}
  hyphen: {source: {age: agenix/-leading-hyphen-filename.age}}
`
const files = {
  secret1: 'secret1.age',
  secret2: 'secret2.age',
  password: 'passwordfile-user1.age',
  armored: 'armored-secret.age',
  hyphen: '-leading-hyphen-filename.age',
}
/** Their secrets.nix encrypts these for user1 alone. */
const userOnly = ['secret2', 'armored']

for (const key of ['user1', 'system1']) {
  t.test(`with the key of ${key}`, async (t) => {
    const folder = workFolder(t)
    cpSync(fixtures, join(folder, 'agenix'), { recursive: true })
    const server = await mounted(t, config(key), { folder })
    const failing = key === 'user1' ? [] : userOnly

    for (const [name, file] of Object.entries(files)) {
      if (failing.includes(name)) {
        t.match((await run('cat', [server.path(name)])).stderr, 'Input/output error', name)
        continue
      }
      const expected = await output('age', ['-d', '-i', join(fixtures, key), join(fixtures, file)])
      t.ok(expected.length > 0)
      t.ok((await server.cat(name)).equals(expected), name)
    }

    t.strictSame((await server.status()).failing.map(({ name }) => name).sort(), [...failing].sort())
  })
}
