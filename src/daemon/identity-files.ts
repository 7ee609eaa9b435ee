import { accessSync, constants, existsSync, statSync } from 'node:fs'
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

/** Where a file is that rotates: where it is configured, if the service can read it there, else what systemd has read at the start. */
export function rotatingFile(path: string, folder = process.env['CREDENTIALS_DIRECTORY']): string {
  return canRead(path) ? path : (credentialOf(path, folder) ?? path)
}

/** A file that systemd looked for in vain when it started the service, and that is there now: only another start brings it in. */
export function hasLateFile(
  paths: readonly string[],
  folder = process.env['CREDENTIALS_DIRECTORY'],
): boolean {
  return (
    folder !== undefined &&
    paths.some((path) => isStandIn(path, folder) && !canRead(path) && existsSync(path))
  )
}

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** The unit's SetCredential=, which stands in for a file that wasn't there. */
const STAND_IN_BYTES = 1

function credentialOf(path: string, folder: string | undefined): string | undefined {
  const found = folder === undefined ? undefined : loaded(path, folder)
  return found !== undefined && found.size > STAND_IN_BYTES ? found.file : undefined
}

function isStandIn(path: string, folder: string): boolean {
  return loaded(path, folder)?.size === STAND_IN_BYTES
}

/** systemd 257 loses the backslashes of the name: its executor takes them for escapes once more. */
function loaded(path: string, folder: string): { file: string; size: number } | undefined {
  const name = credentialName(path)
  for (const known of new Set([name, name.replaceAll('\\', '')])) {
    const file = join(folder, known)
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat !== undefined) return { file, size: stat.size }
  }
  return undefined
}
