import {
  appendFileSync,
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { isNodeError } from '../base/errors.ts'
import { placeCgroup } from '../caller/cgroup.ts'
import { folderOf, type Hierarchy } from '../caller/hierarchy.ts'
import { readInvocation } from '../caller/invocation.ts'
import { STATE_FOLDER, stateFile } from './state-folder.ts'

/** Where systemd notes what runs (src/core/unit.c, unit_export_invocation_id). */
const UNITS_FOLDER = '/run/systemd/units'

/** Lines of a server before this one, and the file that they are in; there is none while nothing was used. */
export interface AllowanceFile {
  readonly used: readonly string[]
  readonly file: string
}

/**
 * What is used up at a mount point, without the lines of starts that are known to be over; the file is removed when none is left. Throws
 * the error of Node when it can't be read.
 */
export function loadAllowances(
  place: string,
  hierarchy: Hierarchy | undefined,
  folder = STATE_FOLDER,
  unitsFolder = UNITS_FOLDER,
): AllowanceFile {
  const file = fileOf(place, folder)
  const lines = linesOf(file)
  const used = lines.filter((line) => hierarchy === undefined || !isOver(line, hierarchy, unitsFolder))
  if (used.length === 0) rmSync(file, { force: true })
  else if (used.length < lines.length) rewrite(file, used)
  return { used, file }
}

/** Write down one more, whole or not at all. Throws the error of Node; nothing may be granted then. */
export function appendAllowance({ file }: AllowanceFile, line: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const descriptor = openSync(file, 'a', 0o600)
  const { size } = fstatSync(descriptor)
  try {
    appendFileSync(descriptor, `${line}\n`)
  } catch (error) {
    // Half a line would swallow the next one.
    ftruncateSync(descriptor, size)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** Lines that are over do no harm: without room for a new file they stay. */
function rewrite(file: string, lines: readonly string[]): void {
  try {
    writeFileSync(`${file}.new`, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  } catch {
    rmSync(`${file}.new`, { force: true })
  }
}

/** The lines of a mount point as they are now, for `explain`; empty when there is no file. Throws the error of Node when it can't be read. */
export function usedAllowances(place: string, folder = STATE_FOLDER): string[] {
  return linesOf(fileOf(place, folder))
}

function fileOf(place: string, folder: string): string {
  return stateFile(place, 'once', folder)
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
