import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { findHierarchy, folderOf } from '../../src/caller/hierarchy.ts'
import type { Cleanup } from './cleanup.ts'

const REMOVE_DEADLINE_MS = 3_000
const POLL_MS = 5

/** Makes the cgroup that a unit of system.slice has; its folder. What was made is removed by `cleanup`. Throws without a hierarchy of systemd. */
export function makeUnitCgroup(unit: string, cleanup: Cleanup): string {
  const hierarchy = findHierarchy()
  if ('unknown' in hierarchy) throw new Error(hierarchy.unknown)
  const folder = folderOf(hierarchy, `/system.slice/${unit}`)
  const slice = dirname(folder)
  const madeSlice = mkdirSync(folder, { recursive: true }) === slice
  cleanup.defer(async () => {
    await removeCgroup(folder)
    if (madeSlice && !hasChildren(slice)) rmdirSync(slice)
  })
  return folder
}

/** `command` as it runs in a cgroup from its first instruction on; sh becomes the command, so the process id stays. */
export function inCgroup(command: readonly [string, ...string[]], folder?: string): [string, ...string[]] {
  if (folder === undefined) return [...command]
  return ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', folder, ...command]
}

/** A process that was just killed may still be in it: EBUSY (cgroups(7)). */
async function removeCgroup(folder: string): Promise<void> {
  const deadline = Date.now() + REMOVE_DEADLINE_MS
  for (;;) {
    try {
      rmdirSync(folder)
      return
    } catch (error) {
      const busy = (error as NodeJS.ErrnoException).code === 'EBUSY'
      if (!busy || Date.now() > deadline) throw error
      await setTimeout(POLL_MS)
    }
  }
}

function hasChildren(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isDirectory())
}
