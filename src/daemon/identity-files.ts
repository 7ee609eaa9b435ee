import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The name under which the service gets an identity file as a credential (LoadCredential=): the path as `systemd-escape --path` writes it, so that the unit and the server agree
 * on it.
 */
export function credentialName(path: string): string {
  const parts = path.split('/').filter((part) => part !== '')
  const escaped = parts.map((part) => [...Buffer.from(part)].map(escapeByte).join('')).join('-')
  return escaped.replace(/^\./, '\\x2e')
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9:_.]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`
}

/** Where the identities of the configuration really are: in the credentials of this service, where it has them, else where they are configured. */
export function identityFiles(
  paths: readonly string[],
  folder = process.env['CREDENTIALS_DIRECTORY'],
): string[] {
  return paths.map((path) => credentialOf(path, folder) ?? path)
}

/** An identity that systemd didn't find when it started the service, and that is there now: only another start brings it in. */
export function hasLateIdentity(
  paths: readonly string[],
  folder = process.env['CREDENTIALS_DIRECTORY'],
): boolean {
  return (
    folder !== undefined && paths.some((path) => credentialOf(path, folder) === undefined && existsSync(path))
  )
}

/** One byte is the unit's SetCredential=, which stands in for a file that wasn't there. */
function credentialOf(path: string, folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined
  const file = join(folder, credentialName(path))
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat !== undefined && stat.size > 1 ? file : undefined
}
