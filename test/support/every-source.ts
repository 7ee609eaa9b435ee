import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Bao } from './bao/server.ts'
import { output, run } from './process.ts'
import { sealedSecrets, writeIdentity } from './sealed.ts'
import { sopsIn } from './sops.ts'
import { isLeftOut } from './without.ts'

/** A secret of each kind of source, by the name of the kind, made by the real tools; without those that the person left out. */
export interface EverySource {
  readonly values: ReadonlyMap<string, string>
  /** By kind, the file that its source can't do without. */
  readonly files: ReadonlyMap<string, string>
  readonly config: {
    readonly identities: readonly string[]
    readonly vaults: object
    readonly secrets: Readonly<Record<string, object>>
  }
}

/** Below `folder`, with values of `newValue`: letters and digits. The vault is an OpenBao that ends with the test. */
export async function everySource(t: Test, folder: string, newValue: () => string): Promise<EverySource> {
  const values = new Map<string, string>()
  const files = new Map<string, string>()
  const secrets: Record<string, object> = {}
  const path = (name: string) => join(folder, name)
  const recipient = writeIdentity(path('identity'))
  await run('age-keygen', ['-o', path('age.key')])
  const age = (await output('age-keygen', ['-y', path('age.key')])).toString().trim()
  const aged = async (name: string, input: Buffer) => {
    writeFileSync(path(name), await output('age', ['-r', age], { input }))
    return path(name)
  }
  const add = async (kind: string, make: (value: Buffer) => Promise<{ source: object; file: string }>) => {
    const value = newValue()
    const { source, file } = await make(Buffer.from(value))
    values.set(kind, value)
    files.set(kind, file)
    secrets[kind] = { source }
  }
  await add('sealed', async (value) => {
    const { sealed } = await sealedSecrets(folder, recipient, new Map([['sealed', value]]))
    return { source: sealed?.source ?? {}, file: sealed?.source.sealed ?? '' }
  })
  await add('age', async (value) => {
    const file = await aged('age', value)
    return { source: { age: file }, file }
  })
  await add('exec', async (value) => {
    const file = await aged('exec', value)
    return { source: { exec: { command: ['age', '-d', '-i', path('age.key'), file] } }, file }
  })
  await add('credential', async (value) => {
    const file = path('credential')
    const args = ['--with-key=tpm2-absent', '--name=db', 'encrypt', '-', '-']
    writeFileSync(file, await encrypted(args, value))
    return { source: { credential: { file, name: 'db', allowNull: true } }, file }
  })
  if (!isLeftOut('sops'))
    await add('sops', (value) => {
      const plain = `a: {b: [x, ${value.toString()}]}\n`
      const file = sopsIn(folder).encrypt('app.yaml', plain, ['--age', age])
      return Promise.resolve({ source: { sops: { file, key: 'a/b/1' } }, file })
    })
  const vaults: Record<string, object> = {}
  if (!isLeftOut('bao'))
    await add('vault', async (value) => {
      const bao = await Bao.start({ folder: path('bao') })
      t.teardown(() => bao.stop())
      const file = path('token')
      writeFileSync(file, bao.token)
      await bao.put('secret/app', { password: value.toString() })
      vaults['main'] = { address: bao.address, auth: { tokenFile: file } }
      return { source: { vault: { path: 'secret/app', field: 'password' } }, file }
    })
  return { values, files, config: { identities: [path('identity'), path('age.key')], vaults, secrets } }
}

/** systemd-creds says on standard error that no key protects it. */
async function encrypted(args: readonly string[], input: Uint8Array): Promise<Buffer> {
  const done = await run('systemd-creds', args, { input })
  if (done.status !== 0) throw new Error(done.stderr)
  return done.stdout
}
