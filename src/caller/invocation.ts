import { lstatSync, statSync } from 'node:fs'
import type { InUnit } from './cgroup.ts'
import { readLink } from './details.ts'
import { folderOf, type Hierarchy } from './hierarchy.ts'

/** One start of a unit. */
export interface Invocation {
  /** Inode number of the unit's cgroup: another one after each start. */
  readonly key: bigint
  /** When systemd gave it its invocation id, in milliseconds since 1970; undefined where systemd has noted none. */
  readonly startedAt: number | undefined
}

/**
 * systemd notes INVOCATION_ID of systemd.exec(5) as the target of a symlink, made by root at each start of the unit
 * (src/core/unit.c, unit_export_invocation_id): PID 1 isn't asked. `unitsFolder` is `/run/systemd/units`.
 */
function noteOf(unit: string, unitsFolder: string): string {
  return `${unitsFolder}/invocation:${unit}`
}

/** The invocation id, 32 hex digits; undefined where systemd has not noted one. */
export function readInvocationId(unit: string, unitsFolder: string): string | undefined {
  const id = readLink(noteOf(unit, unitsFolder))
  return id !== undefined && /^[0-9a-f]{32}$/.test(id) ? id : undefined
}

/** The start of the unit that a caller belongs to; undefined when its cgroup can't be found. */
export function readInvocation(
  { unit, unitPath }: InUnit,
  hierarchy: Hierarchy,
  unitsFolder: string,
): Invocation | undefined {
  const cgroup = statSync(folderOf(hierarchy, unitPath), { bigint: true, throwIfNoEntry: false })
  if (cgroup === undefined) return undefined
  const noted = readInvocationId(unit, unitsFolder) !== undefined
  const note = noted ? lstatSync(noteOf(unit, unitsFolder), { throwIfNoEntry: false }) : undefined
  return { key: cgroup.ino, startedAt: note?.ctimeMs }
}
