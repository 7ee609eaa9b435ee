import { randomBytes } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SourceError } from '../../../src/base/errors.ts'
import { loadIdentities } from '../../../src/identity/load.ts'
import { recipientOf } from '../../../src/identity/recipient.ts'
import { ageSource } from '../../../src/sources/age.ts'
import { MAX_SECRET_BYTES, type OpenContext } from '../../../src/sources/source.ts'
import { ageRecipientOf } from '../../support/age-recipient.ts'
import { run, sshKeygen } from '../../support/tools.ts'

const folder = t.testdir()
const path = (name: string) => join(folder, name)

const ed25519 = sshKeygen(path('ed25519'), '-t', 'ed25519')
const other = sshKeygen(path('other'), '-t', 'ed25519')
const rsa = sshKeygen(path('rsa'), '-t', 'rsa', '-b', '2048')
const rsaPem = sshKeygen(path('rsa-pem'), '-t', 'rsa', '-b', '3072', '-m', 'PEM')
const native = path('native')
run('age-keygen', ['-o', native])

function contextOf(...keys: string[]): OpenContext {
  const { identities, problems } = loadIdentities(keys)
  return { identities, identityProblems: problems }
}

/** A file that the real age has written. */
function encrypt(plaintext: Uint8Array, ...args: string[]): string {
  const file = path('secret.age')
  writeFileSync(file, run('age', args, plaintext))
  return file
}

const open = async (file: string, context: OpenContext) =>
  Buffer.from(await ageSource.open({ file }, 'name', context))

const publicKey = run('age-keygen', ['-y', native]).toString().trim()
const keys: readonly (readonly [string, string, string[]])[] = [
  ['age X25519', native, ['-r', publicKey]],
  ['ssh-ed25519', ed25519, ['-R', `${ed25519}.pub`]],
  ['ssh-rsa', rsa, ['-R', `${rsa}.pub`]],
  ['ssh-rsa in PEM', rsaPem, ['-R', `${rsaPem}.pub`]],
]

for (const [kind, key, recipient] of keys)
  t.test(`a file that age wrote for ${kind}`, async (t) => {
    const context = contextOf(key)
    t.equal(context.identities.length, 1)
    for (const size of [0, 1, 65536, 65537, MAX_SECRET_BYTES]) {
      const plaintext = randomBytes(size)
      t.ok(plaintext.equals(await open(encrypt(plaintext, ...recipient), context)), `${size} bytes`)
      const armored = encrypt(plaintext, '-a', ...recipient)
      t.ok(plaintext.equals(await open(armored, context)), `${size} bytes, armored`)
    }
    await t.rejects(open(encrypt(randomBytes(9), ...recipient), contextOf(other)), {
      message: /no configured identity opens it; it is encrypted for: (X25519|ssh-ed25519|ssh-rsa)$/,
    })
  })

t.test('an SSH key opens what was encrypted for its ssh-to-age form', async (t) => {
  const context = contextOf(ed25519)
  const [identity] = context.identities
  const recipient = identity && recipientOf(identity)
  if (recipient === undefined) throw new Error('no recipient')
  const file = encrypt(Buffer.from('value'), '-r', ageRecipientOf(recipient))
  t.match(readFileSync(file, 'latin1'), /^-> X25519 /m)
  t.equal((await open(file, context)).toString(), 'value')
})

t.test('several recipients and identities, in any order', async (t) => {
  const all = ['-R', `${rsa}.pub`, '-r', publicKey, '-R', `${ed25519}.pub`]
  const file = encrypt(Buffer.from('value'), ...all)
  for (const key of [native, ed25519, rsa]) {
    t.equal((await open(file, contextOf(key))).toString(), 'value')
    t.equal((await open(file, contextOf(other, path('absent'), key))).toString(), 'value')
  }
  await t.rejects(open(file, contextOf(other)), { message: /encrypted for: X25519, ssh-rsa, ssh-ed25519$/ })
})

t.test('the problems of the identities are told where none fits', async (t) => {
  const file = encrypt(Buffer.from('value'), '-r', publicKey)
  await t.rejects(open(file, contextOf(path('absent'), other)), {
    message:
      `${file}: no configured identity opens it; it is encrypted for: X25519 ` +
      `(identities that can't be used: ${path('absent')}: no such file)`,
    hint: /identities/,
  })
})

t.test('more than a secret can hold is refused', async (t) => {
  const oneMore = encrypt(Buffer.alloc(MAX_SECRET_BYTES + 1), '-r', publicKey)
  await t.rejects(open(oneMore, contextOf(native)), {
    message: `${oneMore}: its plaintext is larger than a secret can be (1048576 bytes)`,
  })
  const sparse = path('sparse.age')
  writeFileSync(sparse, '')
  truncateSync(sparse, 2 ** 40)
  await t.rejects(open(sparse, contextOf(native)), { message: `${sparse}: larger than 2097152 bytes` })
})

t.test('what is no age file, or none that can be read', async (t) => {
  const context = contextOf(native)
  const empty = path('empty.age')
  writeFileSync(empty, '')
  await t.rejects(open(empty, context), { message: `${empty}: not an age file` })
  await t.rejects(open(path('absent.age'), context), { message: `${path('absent.age')}: no such file` })
  await t.rejects(open(folder, context), { message: `${folder}: not a regular file` })
  run('mkfifo', [path('fifo')])
  await t.rejects(open(path('fifo'), context), { message: `${path('fifo')}: not a regular file` })
})

t.test('every bit flip and every truncation of a small file is an error of the source', async (t) => {
  for (const [kind, key, recipient] of keys.slice(0, 3)) {
    const context = contextOf(key)
    const file = encrypt(Buffer.from('value'), ...recipient)
    const bytes = readFileSync(file)
    const reasons = new Set<string>()
    const spoilt = (change: (copy: Buffer) => Buffer) => {
      writeFileSync(file, change(Buffer.from(bytes)))
      return open(file, context).then(
        () => reasons.add('opened'),
        (error: unknown) => reasons.add(error instanceof SourceError ? 'refused' : String(error)),
      )
    }
    for (let at = 0; at < bytes.length; at++) {
      await spoilt((copy) => {
        copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8))
        return copy
      })
      await spoilt((copy) => copy.subarray(0, at))
    }
    t.same([...reasons], ['refused'], kind)
  }
})
