import { readFileSync } from 'node:fs'
import { findHierarchy, pathInHierarchy, type Hierarchy } from '../../../src/caller/hierarchy.ts'
import type { System } from './system.ts'

/** The hierarchy of a system as the test sees it from outside of the system's cgroup namespace: below a root. */
export function hierarchyOf(system: System): Hierarchy {
  const hierarchy = findHierarchy()
  if ('unknown' in hierarchy) throw new Error(hierarchy.unknown)
  const manager = pathInHierarchy(readFileSync(system.path('/proc/1/cgroup'), 'utf8'), hierarchy.layout)
  if (manager?.endsWith('/init.scope') !== true) throw new Error(`PID 1 is in ${manager ?? 'no cgroup'}`)
  return { ...hierarchy, root: manager.slice(0, -'/init.scope'.length) }
}
