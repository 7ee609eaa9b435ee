import { join } from 'node:path'
import { loadIdentityFile } from '../../src/identity/load.ts'
import type { Identity } from '../../src/identity/identity.ts'

/** Of the fixtures: an age key, and SSH keys. The working folder is that of the package. */
export function fixtureIdentities(): Identity[] {
  const files = ['sops/age-keys.txt', 'sops/ssh-ed25519-key', 'agenix/user1', 'agenix/system1']
  return files.flatMap((file) => loadIdentityFile(join('test/fixtures', file)))
}
