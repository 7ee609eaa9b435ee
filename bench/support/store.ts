import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity } from '../../src/identity/generate.ts'
import { parseRecipient } from '../../src/identity/recipient.ts'
import { sealSecret } from '../../src/sealed/seal.ts'

/**
 * Makes an identity, a store with these secrets and a configuration below `folder`; the path of the configuration.
 * `units` has the unit rules, by the name of the secret; `keys` are further ones of the document.
 */
export async function makeStore(
  folder: string,
  secrets: ReadonlyMap<string, Uint8Array>,
  units: ReadonlyMap<string, readonly string[]> = new Map(),
  keys: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const store = join(folder, 'store')
  mkdirSync(store)
  const identity = generateIdentity()
  const recipients = [parseRecipient(identity.recipient)]
  writeFileSync(join(folder, 'identity'), identity.file, { mode: 0o600 })
  const declared: Record<string, object> = {}
  for (const [name, value] of secrets) {
    writeFileSync(join(store, `${name}.sealed`), await sealSecret(name, value, recipients))
    // JSON leaves out what is undefined: no rule.
    declared[name] = {
      source: { sealed: join(store, `${name}.sealed`) },
      mode: '0444',
      units: units.get(name),
    }
  }
  const config = join(folder, 'hushfs.yaml')
  const document = { ...keys, identities: [join(folder, 'identity')], store, secrets: declared }
  writeFileSync(config, JSON.stringify(document, undefined, 2))
  return config
}
