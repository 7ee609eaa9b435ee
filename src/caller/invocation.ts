import { lstatSync, readlinkSync, statSync } from 'node:fs'
import { getxattr } from '../sys/libc.ts'
import type { InUnit } from './cgroup.ts'
import { folderOf, type Hierarchy } from './hierarchy.ts'

/** One start of a unit. */
export interface Invocation {
  /** Another one after each start, in printable ASCII; the same for the whole start. */
  readonly key: string
  /** INVOCATION_ID of systemd.exec(5), 32 hex digits. */
  readonly id: string
  /** When the unit was started, in milliseconds since 1970. */
  readonly startedAt: number
}

/**
 * The start of the unit that a caller belongs to; undefined when systemd has noted none, as for init.scope and for what is left of a stopped
 * unit. PID 1 notes it in two places and isn't asked: as an attribute of the unit's cgroup, which is always right but belongs to
 * the service where the cgroup is delegated, and as the target of the symlink `invocation:UNIT` in `unitsFolder` (/run/systemd/units), which
 * stays behind when RestartMode=direct starts a unit again. The inode number of the cgroup alone is no key: it stays when
 * KillMode=process leaves something running, and is new at each ExecReload= of a unit that has no process.
 */
export function readInvocation(
  { unit, unitPath }: InUnit,
  hierarchy: Hierarchy,
  unitsFolder: string,
): Invocation | undefined {
  try {
    const folder = folderOf(hierarchy, unitPath)
    const { ino, uid, atimeMs } = statSync(folder, { bigint: true })
    const note = readNote(`${unitsFolder}/invocation:${unit}`)
    const id = uid === 0n && !isDelegated(folder) ? idIn(getxattr(folder, 'user.invocation_id')) : undefined
    if (id === undefined) return note && { key: `${note.id}:${ino}`, ...note }
    // kernfs keeps the time at which the node got its first attribute, that is its start; making children changes the others.
    return { key: id, id, startedAt: note?.id === id ? note.startedAt : Number(atimeMs) }
  } catch {
    return undefined
  }
}

/** Noted when the cgroup is made, before the service gets it. */
function isDelegated(folder: string): boolean {
  return getxattr(folder, 'user.delegate') !== undefined
}

function readNote(link: string): { id: string; startedAt: number } | undefined {
  try {
    const id = idIn(readlinkSync(link))
    return id === undefined ? undefined : { id, startedAt: Math.floor(lstatSync(link).ctimeMs) }
  } catch {
    return undefined
  }
}

function idIn(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{32}$/.test(text) ? text : undefined
}
