import { constants, publicEncrypt, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { base64nopad } from '@scure/base'
import t from 'tap'
import { SourceError } from '../../../src/base/errors.ts'
import { openSshEd25519 } from '../../../src/identity/age-ssh-ed25519.ts'
import { sshFingerprint } from '../../../src/identity/age-ssh-fingerprint.ts'
import { openSshRsa } from '../../../src/identity/age-ssh-rsa.ts'
import { openX25519 } from '../../../src/identity/age-x25519.ts'
import type { SshEd25519Identity, SshRsaIdentity } from '../../../src/identity/identity.ts'
import { loadIdentityFile } from '../../../src/identity/load.ts'
import { sshKeygen } from '../../support/tools.ts'

const folder = t.testdir()
const ed25519 = loadIdentityFile(sshKeygen(join(folder, 'ed'), '-t', 'ed25519'))[0] as SshEd25519Identity
const rsa = loadIdentityFile(sshKeygen(join(folder, 'rsa'), '-t', 'rsa', '-b', '2048'))[0] as SshRsaIdentity
const body = randomBytes(32)
const share = base64nopad.encode(Uint8Array.of(9, ...new Uint8Array(31)))
const lowOrder = base64nopad.encode(new Uint8Array(32))

t.test('the fingerprint is that of the public key file', (t) => {
  const [, blob = ''] = readFileSync(join(folder, 'ed.pub'), 'utf8').split(' ')
  t.ok(Buffer.from(blob, 'base64').equals(ed25519.sshPublicKey))
  t.match(sshFingerprint(ed25519.sshPublicKey), /^[A-Za-z0-9+/]{6}$/)
  // The stanza of a published agenix example, for its system1 key.
  const system1 = 'AAAAC3NzaC1lZDI1NTE5AAAAIPJDyIr/FSz1cJdcoW69R+NrWzwGK/+3gJpqD1t8L2zE'
  t.equal(sshFingerprint(Buffer.from(system1, 'base64')), 'KLPP8w')
  t.end()
})

t.test('ssh-ed25519', (t) => {
  const tag = sshFingerprint(ed25519.sshPublicKey)
  const open = (...args: string[]) => openSshEd25519(ed25519, { args, body })
  t.equal(open('ssh-ed25519', tag, share), undefined, 'the body is not for this key')
  t.equal(open('ssh-ed25519', 'AAAAAA', share), undefined, 'another key')
  t.equal(
    open('ssh-ed25519', 'AAAAAA', lowOrder),
    undefined,
    'the share for another key is not ours to judge',
  )
  t.equal(open('ssh-rsa', tag), undefined, 'another type')
  for (const args of [[], [tag], [tag, share, 'more'], [tag, 'AAAA'], [tag, `${share}=`], [tag, lowOrder]])
    t.throws(() => open('ssh-ed25519', ...args), SourceError, args.join(' '))
  t.throws(
    () => openSshEd25519(ed25519, { args: ['ssh-ed25519', tag, share], body: randomBytes(33) }),
    SourceError,
  )
  t.end()
})

t.test('X25519', (t) => {
  const open = (...args: string[]) => openX25519(ed25519, { args, body })
  t.equal(open('X25519', share), undefined, 'the body is not for this key')
  t.equal(open('x25519', share), undefined, 'types are case-sensitive')
  for (const args of [[], [share, 'more'], ['AAAA'], [lowOrder]])
    t.throws(() => open('X25519', ...args), SourceError, args.join(' '))
  t.end()
})

t.test('ssh-rsa', (t) => {
  const tag = sshFingerprint(rsa.sshPublicKey)
  const wrap = (fileKey: Uint8Array, label: string) =>
    publicEncrypt(
      {
        key: rsa.privateKey,
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: 'sha256',
        oaepLabel: Buffer.from(label),
      },
      fileKey,
    )
  const label = 'age-encryption.org/v1/ssh-rsa'
  const fileKey = randomBytes(16)
  const open = (body: Uint8Array, ...args: string[]) => openSshRsa(rsa, { args, body })
  t.same(open(wrap(fileKey, label), 'ssh-rsa', tag), fileKey)
  t.equal(open(wrap(fileKey, label), 'ssh-rsa', 'AAAAAA'), undefined, 'another key')
  t.equal(open(wrap(fileKey, label), 'X25519', tag), undefined, 'another type')
  t.throws(() => open(wrap(fileKey, 'another'), 'ssh-rsa', tag), SourceError, 'label')
  t.throws(() => open(wrap(randomBytes(15), label), 'ssh-rsa', tag), SourceError, 'length of the file key')
  t.throws(() => open(randomBytes(256), 'ssh-rsa', tag), SourceError, 'damaged')
  t.throws(() => open(wrap(fileKey, label), 'ssh-rsa', tag, 'more'), SourceError, 'arguments')
  t.throws(() => open(wrap(fileKey, label), 'ssh-rsa'), SourceError, 'arguments')
  t.end()
})
