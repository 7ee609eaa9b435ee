import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isNodeError } from '../base/errors.ts'
import { placeCgroup } from '../caller/cgroup.ts'
import { folderOf, type Hierarchy } from '../caller/hierarchy.ts'
import { readInvocation } from '../caller/invocation.ts'

/** Used `once` allowances, per mount point, in memory that a reboot clears: units and their cgroups don't outlive it either. */
const FOLDER = '/run/hushfs-state'
/** Where systemd notes what runs (src/core/unit.c, unit_export_invocation_id). */
const UNITS_FOLDER = '/run/systemd/units'

/** Lines of a server before this one, and a descriptor that appends to them. */
export interface AllowanceFile {
  readonly used: readonly string[]
  readonly fd: number
}

/**
 * Open the file of a mount point, without the lines of starts that are known to be over. Throws the error of Node when the folder can't be
 * written.
 */
export function openAllowances(
  place: string,
  hierarchy: Hierarchy | undefined,
  folder = FOLDER,
  unitsFolder = UNITS_FOLDER,
): AllowanceFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = fileOf(place, folder)
  const used = linesOf(file).filter(
    (line) => hierarchy === undefined || !isOver(line, hierarchy, unitsFolder),
  )
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

/** The unit has no cgroup any more, or another start has it. What can't be told is not over: a dropped line would be a second allowance. */
function isOver(line: string, hierarchy: Hierarchy, unitsFolder: string): boolean {
  const [key, unitPath = ''] = line.split('\t')
  const placement = placeCgroup(unitPath)
  if ('none' in placement) return false
  if (statSync(folderOf(hierarchy, unitPath), { throwIfNoEntry: false }) === undefined) return true
  const current = readInvocation(placement, hierarchy, unitsFolder)
  return current !== undefined && current.key !== key
}
