import { lstatSync, statSync, type BigIntStats } from 'node:fs'
import { getxattr } from '../sys/libc.ts'
import type { InUnit } from './cgroup.ts'
import { readLink } from './details.ts'
import { folderOf, type Hierarchy } from './hierarchy.ts'

/** One start of a unit. */
export interface Invocation {
  /** Another one after each start, the same for the whole start; printable ASCII. */
  readonly key: string
  /** In milliseconds since 1970. */
  readonly startedAt: number
}

/** The two places in which PID 1, which isn't asked, notes the id of a unit's start. Each is right where the other is behind. */
interface Notes {
  readonly folder: string
  readonly link: string
  /** On the unit's cgroup: behind when KillMode=process left a process there, and not to be believed when the service owns the cgroup. */
  readonly onCgroup: string | undefined
  /** Target of a symlink made by root: behind when RestartMode=direct started the unit again (src/core/unit.c, unit_export_invocation_id). */
  readonly inLink: string | undefined
}

/**
 * INVOCATION_ID of systemd.exec(5), 32 hex digits; undefined where systemd has noted none, as for init.scope. `unitsFolder` is
 * `/run/systemd/units`.
 */
export function readInvocationId(
  placement: InUnit,
  hierarchy: Hierarchy,
  unitsFolder: string,
): string | undefined {
  const notes = readNotes(placement, hierarchy, unitsFolder)
  if (notes.onCgroup === undefined || notes.onCgroup === notes.inLink) return notes.inLink
  return startNotedIn(notes)?.id
}

/**
 * The start of the unit that a caller belongs to; undefined when it can't be told. The inode number of the cgroup alone is no key:
 * it stays when KillMode=process leaves something running, and is new at each ExecReload= of a unit that has no process.
 */
export function readInvocation(
  placement: InUnit,
  hierarchy: Hierarchy,
  unitsFolder: string,
): Invocation | undefined {
  const start = startNotedIn(readNotes(placement, hierarchy, unitsFolder))
  return start && { key: start.key, startedAt: start.startedAt }
}

function startNotedIn({ folder, link, onCgroup, inLink }: Notes): (Invocation & { id: string }) | undefined {
  const cgroup = statOf(folder)
  if (cgroup === undefined) return undefined
  const noted = inLink === undefined ? undefined : lstatSync(link, { throwIfNoEntry: false })
  const linkedAt = noted && Math.floor(noted.ctimeMs)
  if (onCgroup !== undefined && belongsToRoot(folder, cgroup)) {
    // kernfs keeps when the cgroup got its first attribute as the time of access, and nothing but its owner changes that.
    const madeAt = Number(cgroup.atimeMs)
    if (linkedAt === undefined || (inLink !== onCgroup && linkedAt < madeAt))
      return { key: onCgroup, id: onCgroup, startedAt: madeAt }
    if (inLink !== undefined) return { key: inLink, id: inLink, startedAt: linkedAt }
  }
  if (inLink === undefined || linkedAt === undefined) return undefined
  return { key: `${inLink}:${cgroup.ino}`, id: inLink, startedAt: linkedAt }
}

function readNotes({ unit, unitPath }: InUnit, hierarchy: Hierarchy, unitsFolder: string): Notes {
  const folder = folderOf(hierarchy, unitPath)
  const link = `${unitsFolder}/invocation:${unit}`
  return {
    folder,
    link,
    onCgroup: idIn(getxattr(folder, 'user.invocation_id')),
    inLink: idIn(readLink(link)),
  }
}

function statOf(folder: string): BigIntStats | undefined {
  try {
    return statSync(folder, { bigint: true, throwIfNoEntry: false })
  } catch {
    // Not for the server's eyes.
    return undefined
  }
}

/** The mark of delegation is made with the cgroup; its owner changes only when the first process is started. */
function belongsToRoot(folder: string, { uid }: BigIntStats): boolean {
  return uid === 0n && getxattr(folder, 'user.delegate') === undefined
}

function idIn(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{32}$/.test(text) ? text : undefined
}
