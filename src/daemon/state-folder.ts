import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { readBoundedFile } from '../base/bounded-file.ts'
import { isNodeError, MountError } from '../base/errors.ts'
import { isPresent, NOWHERE, type SecretTable } from '../vfs/table.ts'

/** What outlives a server, in memory that a reboot clears. The service's RuntimeDirectory=. */
export const STATE_FOLDER = '/run/hushfs-state'

/** A file of one mount point. */
export function stateFile(place: string, kind: string, folder = STATE_FOLDER): string {
  return join(folder, `${createHash('sha256').update(place).digest('hex').slice(0, 16)}.${kind}`)
}

/** Keep what is served, without its bytes: names, attributes and versions, which the next server compares with its own. Throws the error of Node. */
export function saveTable(place: string, table: SecretTable, folder = STATE_FOLDER): void {
  const file = stateFile(place, 'table', folder)
  const secrets = table.secrets.map((entry) =>
    isPresent(entry.value)
      ? { ...entry, value: { ...entry.value, sealed: undefined, at: undefined } }
      : entry,
  )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, JSON.stringify({ ...table, secrets }), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** What the server before has kept; undefined: nothing, or nothing that can be used. */
export function savedTable(place: string, folder = STATE_FOLDER): SecretTable | undefined {
  try {
    const table = JSON.parse(readFileSync(stateFile(place, 'table', folder), 'utf8')) as SecretTable
    const secrets = table.secrets.map((entry) =>
      'version' in entry.value && 'size' in entry.value
        ? { ...entry, value: { ...entry.value, ...NOWHERE } }
        : entry,
    )
    return { ...table, secrets }
  } catch {
    return undefined
  }
}

const changesIn = (folder: string) => join(folder, 'changed')

/** Write down the names of secrets whose values have changed, for `apply-changes`, which has the right to restart units. Throws the error of Node. */
export function reportChanges(names: readonly string[], folder = STATE_FOLDER): void {
  const changes = changesIn(folder)
  mkdirSync(changes, { recursive: true, mode: 0o700 })
  // Hidden until it is whole: systemd's DirectoryNotEmpty= doesn't look at such names.
  const name = randomUUID()
  writeFileSync(join(changes, `.${name}`), JSON.stringify(names), { mode: 0o600 })
  renameSync(join(changes, `.${name}`), join(changes, name))
}

/** A report is names of secrets that were declared, no more. */
const MOST_REPORT_BYTES = 64 << 20

/**
 * Take what was written down, as root, from a folder that belongs to the server: that isn't trusted with more than names, so no link of its leads
 * anywhere. Throws the error of Node.
 */
export function takeChanges(folder = STATE_FOLDER): string[] {
  const descriptor = openFolder(changesIn(folder))
  if (descriptor === undefined) return []
  const place = `/proc/self/fd/${descriptor}`
  try {
    return readdirSync(place).flatMap((name) => (name.startsWith('.') ? [] : takeFile(join(place, name))))
  } finally {
    closeSync(descriptor)
  }
}

function openFolder(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    if (isNodeError(error) && error.code === 'ENOENT') return undefined
    throw error
  }
}

function takeFile(file: string): string[] {
  try {
    return lstatSync(file).isFile() ? namesIn(file) : []
  } finally {
    unlinkSync(file)
  }
}

function namesIn(file: string): string[] {
  const names = parsed(readBoundedFile(file, MOST_REPORT_BYTES, (message) => new MountError(message)))
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
