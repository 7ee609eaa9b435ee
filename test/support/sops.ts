import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SopsFormat } from '../../src/config/config.ts'
import { loadIdentities } from '../../src/identity/load.ts'
import type { OpenContext } from '../../src/sources/source.ts'
import { run } from './tools.ts'
import { isLeftOut } from './without.ts'

const leftOut = isLeftOut('sops')

/** For `t.test`: why the real sops isn't there, where the person left it out by name. */
export const withoutSops = leftOut ? { skip: 'HUSHFS_TEST_WITHOUT=sops' } : {}

const program = leftOut
  ? ''
  : execFileSync(fileURLToPath(new URL('sops', import.meta.url)), { encoding: 'utf8' }).trim()

/** Of the file names by which sops knows its formats. */
export const extensions: Record<SopsFormat, string> = {
  yaml: 'yaml',
  json: 'json',
  dotenv: 'env',
  ini: 'ini',
  binary: 'bin',
}

/** The real sops with one age key, in a folder. */
export interface Sops {
  readonly folder: string
  readonly recipient: string
  /** What opens the files. */
  readonly context: OpenContext
  /** Standard output of a command. */
  run(args: readonly string[], input?: Uint8Array): Buffer
  /** The path of a file with that name which holds `plain`, encrypted for the key, or with `args` that say otherwise. */
  encrypt(name: string, plain: string | Uint8Array, args?: readonly string[]): string
  /** Likewise, by the fields of a creation rule of .sops.yaml. */
  encryptBy(name: string, plain: string | Uint8Array, rule: object): string
  /** What `sops decrypt` writes. */
  decrypt(file: string, ...args: readonly string[]): Buffer
}

export function sopsIn(folder: string): Sops {
  const key = join(folder, 'key.txt')
  if (!leftOut) run('age-keygen', ['-o', key])
  const recipient = leftOut ? '' : run('age-keygen', ['-y', key]).toString().trim()
  const env = { ...process.env, SOPS_AGE_KEY_FILE: key, HOME: folder, XDG_CONFIG_HOME: folder }
  const sops: Sops['run'] = (args, input) =>
    execFileSync(program, args, { cwd: folder, env, input, stdio: 'pipe', maxBuffer: 64 << 20 })
  const encrypt: Sops['encrypt'] = (name, plain, args = ['--age', recipient]) => {
    const file = join(folder, name)
    writeFileSync(file, plain)
    writeFileSync(file, sops(['encrypt', ...args, file]))
    return file
  }
  const encryptBy: Sops['encryptBy'] = (name, plain, rule) => {
    const file = join(folder, name)
    const config = join(folder, 'rules.json')
    writeFileSync(config, JSON.stringify({ creation_rules: [rule] }))
    writeFileSync(file, plain)
    writeFileSync(file, sops(['--config', config, 'encrypt', file]))
    return file
  }
  return {
    folder,
    recipient,
    context: contextOf(key),
    run: sops,
    encrypt,
    encryptBy,
    decrypt: (file, ...args) => sops(['decrypt', ...args, file]),
  }
}

/** The identities of files with private keys. */
export function contextOf(...keys: readonly string[]): OpenContext {
  const { identities, problems } = loadIdentities(keys)
  return { identities, identityProblems: problems }
}
