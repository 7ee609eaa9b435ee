import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  credentialName,
  hasLateFile,
  identityFiles,
  rotatingFile,
} from '../../../src/daemon/identity-files.ts'

t.test('the name of a credential is that of systemd-escape --path', (t) => {
  t.equal(credentialName('/etc/ssh/ssh_host_ed25519_key'), 'etc-ssh-ssh_host_ed25519_key')
  t.equal(credentialName('/var/lib/my-keys//.id'), String.raw`var-lib-my\x2dkeys-.id`)
  t.equal(credentialName('/.id'), String.raw`\x2eid`)
  t.end()
})

t.test('a file is where systemd has put it, by its name with and without backslashes', (t) => {
  const folder = t.testdir({ [String.raw`keys-a\x2da`]: 'key', 'keys-bx2db': 'key', 'keys-c': '-' })
  t.strictSame(identityFiles(['/keys/a-a', '/keys/b-b', '/keys/c', '/keys/d'], folder), [
    join(folder, String.raw`keys-a\x2da`),
    join(folder, 'keys-bx2db'),
    '/keys/c',
    '/keys/d',
  ])
  t.strictSame(identityFiles(['/keys/a-a'], undefined), ['/keys/a-a'])
  t.end()
})

t.test('a file that rotates is read where it is, if it can be', (t) => {
  const folder = t.testdir({ token: 'new', 'keys-token': 'old' })
  const token = join(folder, 'token')
  writeFileSync(join(folder, credentialName(token)), 'old')
  t.equal(rotatingFile(token, folder), token)
  t.equal(rotatingFile('/keys/token', folder), join(folder, 'keys-token'))
  t.equal(rotatingFile('/keys/none', folder), '/keys/none')
  t.end()
})

// test/systemd/vault.test.ts has a file that is late.
t.test('no file is late that the service can read, or that its unit does not have', (t) => {
  const folder = t.testdir({ key: 'k' })
  const key = join(folder, 'key')
  t.equal(hasLateFile([key], folder), false, 'the unit knows nothing of it: a start would not help')
  writeFileSync(join(folder, credentialName(key)), '-')
  t.equal(hasLateFile([key], folder), false, 'the service can read it')
  t.equal(hasLateFile([key], undefined), false, 'no service')
  t.end()
})
