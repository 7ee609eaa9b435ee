import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The private key that opens nixos-module/examples/secrets. It is public, and protects nothing. */
export function sshIdentity(): Buffer {
  return readFileSync(join(import.meta.dirname, '../../fixtures/agenix/system1'))
}
