import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../base/errors.ts'
import { mountAt, readMounts, type MountEntry } from '../sys/mountinfo.ts'
import type { Unknown } from './caller.ts'

/** The cgroup hierarchy in which systemd keeps its units. */
export interface Hierarchy {
  readonly layout: 'unified' | 'hybrid' | 'legacy'
  /** Where it is mounted. */
  readonly mountPoint: string
  /** The cgroup in which systemd itself runs, without a slash at the end: empty on a host, `/machine.slice/...` in some containers. */
  readonly root: string
}

export interface World {
  /** Default `/proc`. */
  readonly procRoot?: string
  /** Default `/sys/fs/cgroup`. */
  readonly cgroupRoot?: string
}

/**
 * Which hierarchy counts, by systemd's rule (cg_unified_cached): cgroup2 at /sys/fs/cgroup, else at `unified` or `systemd` below it, else the
 * version 1 hierarchy `name=systemd`. Decided once, at start. Unknown, with the reason: then nobody's unit is known.
 */
export function findHierarchy(world: World = {}): Hierarchy | Unknown {
  const procRoot = world.procRoot ?? '/proc'
  const base = world.cgroupRoot ?? '/sys/fs/cgroup'
  try {
    const place = findMount(base, readMounts(join(procRoot, 'self/mountinfo')))
    if (place === undefined) return { unknown: `no cgroup hierarchy of systemd is mounted at ${base}` }
    const manager = pathInHierarchy(readFileSync(join(procRoot, '1/cgroup'), 'utf8'), place.layout)
    if (manager === undefined) return { unknown: 'the cgroup of PID 1 is not in the hierarchy of systemd' }
    if (isOutside(manager)) return { unknown: 'the server runs in another cgroup namespace than PID 1' }
    return { ...place, root: rootOf(manager) }
  } catch (error) {
    return { unknown: `the cgroup hierarchy can't be found: ${reasonOf(error)}` }
  }
}

function findMount(base: string, mounts: readonly MountEntry[]) {
  const places = [
    { mountPoint: base, type: 'cgroup2', layout: 'unified' },
    { mountPoint: join(base, 'unified'), type: 'cgroup2', layout: 'hybrid' },
    // The first hybrid layout, of systemd 232.
    { mountPoint: join(base, 'systemd'), type: 'cgroup2', layout: 'hybrid' },
    { mountPoint: join(base, 'systemd'), type: 'cgroup', layout: 'legacy' },
  ] as const
  const place = places.find(({ mountPoint, type }) => mountAt(mountPoint, mounts)?.type === type)
  return place === undefined ? undefined : { layout: place.layout, mountPoint: place.mountPoint }
}

/** cgroup_namespaces(7): a cgroup outside of the reader's namespace shows as a path upwards from its root. */
function isOutside(path: string): boolean {
  return path === '/..' || path.startsWith('/../')
}

/** PID 1 sits in init.scope; in the root cgroup where it isn't systemd (cg_get_root_path). */
function rootOf(manager: string): string {
  const root = manager.endsWith('/init.scope') ? manager.slice(0, -'/init.scope'.length) : manager
  return root === '/' ? '' : root
}

/**
 * The path that counts in the text of a /proc/PID/cgroup (cgroups(7)), lines of `ID:CONTROLLERS:PATH`. A path may contain colons but no
 * newline: the kernel refuses to make such a cgroup. Undefined: there is no such line, or its end is missing.
 */
export function pathInHierarchy(text: string, layout: Hierarchy['layout']): string | undefined {
  for (let start = 0, end; (end = text.indexOf('\n', start)) >= 0; start = end + 1) {
    const controllers = text.indexOf(':', start) + 1
    const path = text.indexOf(':', controllers) + 1
    if (controllers === 0 || path === 0 || path > end) return undefined
    if (isLineOf(layout, text.slice(start, controllers), text.slice(controllers, path - 1)))
      return text.slice(path, end)
  }
  return undefined
}

function isLineOf(layout: Hierarchy['layout'], id: string, controllers: string): boolean {
  if (layout === 'legacy') return controllers.split(',').includes('name=systemd')
  return id === '0:' && controllers === ''
}

/** The path below the cgroup in which systemd runs, as units are named there; undefined: it lies outside. */
export function pathBelowRoot(hierarchy: Hierarchy, path: string): string | undefined {
  const { root } = hierarchy
  if (path === root) return '/'
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined
}

/** The folder of a cgroup whose path is relative to systemd's own. */
export function folderOf(hierarchy: Hierarchy, path: string): string {
  return `${hierarchy.mountPoint}${hierarchy.root}${path}`
}
