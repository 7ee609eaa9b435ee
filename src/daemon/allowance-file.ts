import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isNodeError } from '../base/errors.ts'
import { folderOf, type Hierarchy } from '../caller/hierarchy.ts'

/** Used `once` allowances, per mount point, in memory that a reboot clears: units and their cgroups don't outlive it either. */
const FOLDER = '/run/hushfs-state'

/** Lines of a server before this one, and a descriptor that appends to them. */
export interface AllowanceFile {
  readonly used: readonly string[]
  readonly fd: number
}

/**
 * Open the file of a mount point, without the lines of units that run no more: the inode number of a cgroup is new at each start of its
 * unit. Throws the error of Node when the folder can't be written.
 */
export function openAllowances(
  place: string,
  hierarchy: Hierarchy | undefined,
  folder = FOLDER,
): AllowanceFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = fileOf(place, folder)
  const used = linesOf(file).filter((line) => hierarchy !== undefined && isRunning(line, hierarchy))
  writeFileSync(`${file}.new`, used.map((line) => `${line}\n`).join(''), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return { used, fd: openSync(file, 'a') }
}

export function closeAllowances({ fd }: AllowanceFile): void {
  closeSync(fd)
}

/** The lines of a mount point as they are now, for `explain`; empty when there is no file. Throws the error of Node when it can't be read. */
export function usedAllowances(place: string, folder = FOLDER): string[] {
  return linesOf(fileOf(place, folder))
}

function fileOf(place: string, folder: string): string {
  return join(folder, `${createHash('sha256').update(place).digest('hex').slice(0, 16)}.once`)
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch (error) {
    if (isNodeError(error) && error.code === 'ENOENT') return []
    throw error
  }
}

function isRunning(line: string, hierarchy: Hierarchy): boolean {
  const [key, unitPath] = line.split('\t')
  if (unitPath === undefined) return false
  const stat = statSync(folderOf(hierarchy, unitPath), { bigint: true, throwIfNoEntry: false })
  return stat !== undefined && String(stat.ino) === key
}
