import { lstatSync, readlinkSync, statSync } from 'node:fs'
import type { InUnit } from './cgroup.ts'
import { folderOf, type Hierarchy } from './hierarchy.ts'

/** One start of a unit. */
export interface Invocation {
  /** Inode number of the unit's cgroup: another one after each start. */
  readonly key: bigint
  /** INVOCATION_ID of systemd.exec(5), 32 hex digits; undefined where systemd has not noted one. */
  readonly id: string | undefined
  /** When systemd gave it that id, in milliseconds since 1970. */
  readonly startedAt: number | undefined
}

/**
 * The start of the unit that a caller belongs to; undefined when its cgroup can't be found. systemd notes the id as the target of the
 * symlink `invocation:UNIT`, made by root at each start, so PID 1 isn't asked. `unitsFolder` is `/run/systemd/units`.
 */
export function readInvocation(
  { unit, unitPath }: InUnit,
  hierarchy: Hierarchy,
  unitsFolder: string,
): Invocation | undefined {
  try {
    const { ino: key } = statSync(folderOf(hierarchy, unitPath), { bigint: true })
    return { key, ...readNote(`${unitsFolder}/invocation:${unit}`) }
  } catch {
    return undefined
  }
}

function readNote(link: string): Pick<Invocation, 'id' | 'startedAt'> {
  try {
    const id = readlinkSync(link)
    const startedAt = lstatSync(link).ctimeMs
    return /^[0-9a-f]{32}$/.test(id) ? { id, startedAt } : { id: undefined, startedAt: undefined }
  } catch {
    return { id: undefined, startedAt: undefined }
  }
}
