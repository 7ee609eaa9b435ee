import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generateIdentity } from '../../src/identity/generate.ts'
import { parseRecipient } from '../../src/identity/recipient.ts'
import { sealSecret } from '../../src/sealed/seal.ts'

/** A new identity in a file; gives its recipient. */
export function writeIdentity(file: string): string {
  const identity = generateIdentity()
  writeFileSync(file, identity.file, { mode: 0o600 })
  return identity.recipient
}

/** Seal values into files `NAME.sealed` below `folder`, and give the `secrets` of a configuration that serves them. */
export async function sealedSecrets(
  folder: string,
  recipient: string,
  values: ReadonlyMap<string, Uint8Array>,
): Promise<Record<string, { source: { sealed: string } }>> {
  const secrets: [string, { source: { sealed: string } }][] = []
  for (const [name, value] of values) {
    const file = join(folder, `${name}.sealed`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, await sealSecret(name, value, [parseRecipient(recipient)]))
    secrets.push([name, { source: { sealed: file } }])
  }
  return Object.fromEntries(secrets)
}
