import { isPlainUnitName, isUnitName } from './unit-name.ts'

/** Where a cgroup lies in systemd's tree of units. Names are systemd's own, paths start with `/`. */
export interface InUnit {
  readonly unit: string
  /** The cgroup of the unit itself: the path up to and including the unit's component. */
  readonly unitPath: string
  /** The innermost slice around the unit; `-.slice` is the root. */
  readonly slice: string
  /** Of `user@UID.service` only: whose manager it is. */
  readonly userUid: number | undefined
  /** The unit of that user's manager, and its own cgroup; undefined for the manager's cgroup itself or one of its slices. */
  readonly userUnit: string | undefined
  readonly userUnitPath: string | undefined
}

/** In no unit; `none` says why, as in "the caller is in no unit: ...". */
export interface InNoUnit {
  readonly none: string
}

export type Placement = InUnit | InNoUnit

/** What the kernel appends to the path of a removed cgroup (kernel/cgroup/cgroup.c, proc_cgroup_show). */
const REMOVED = ' (deleted)'

/**
 * The unit of a cgroup by systemd's rule (src/basic/cgroup-util.c, cg_path_get_unit): slices are skipped, the next component is the
 * unit, whatever is below belongs to it. Stricter than systemd on what the kernel doesn't write for a live process of this
 * cgroup namespace: that is in no unit. `path` is relative to the cgroup in which systemd runs. Never throws.
 */
export function placeCgroup(path: string): Placement {
  if (!path.startsWith('/')) return { none: 'its cgroup path is malformed' }
  if (path === '/') return { none: 'it is in the root cgroup' }
  if (path.endsWith(REMOVED)) return { none: 'its cgroup was removed' }
  const components = path.slice(1).split('/')
  if (components.includes('..')) return { none: "its cgroup is outside of the server's cgroup namespace" }
  if (components.includes('') || components.includes('.')) return { none: 'its cgroup path is malformed' }
  const found = findUnit(components, 0)
  if (typeof found === 'string') return { none: found }
  return {
    unit: found.unit,
    unitPath: pathOf(components, found.index),
    slice: found.index === 0 ? '-.slice' : unescape(components[found.index - 1] ?? ''),
    ...placeInUserManager(components, found.index),
  }
}

/** The first component from `start` on that isn't a slice, or why there is no unit. */
function findUnit(components: readonly string[], start: number): { unit: string; index: number } | string {
  const index = components.findIndex((name, at) => at >= start && !isSlice(name))
  const component = components[index]
  if (component === undefined) return 'its cgroup is a slice'
  const unit = unescape(component)
  // An instance of a slice template isn't skipped, and isn't a unit either.
  if (!isUnitName(unit) || unit.endsWith('.slice')) return 'its cgroup is not named as a unit'
  return { unit, index }
}

function placeInUserManager(components: readonly string[], index: number) {
  const userUid = managerUid(components[index] ?? '')
  const found = userUid === undefined ? '' : findUnit(components, index + 1)
  if (typeof found === 'string') return { userUid, userUnit: undefined, userUnitPath: undefined }
  return { userUid, userUnit: found.unit, userUnitPath: pathOf(components, found.index) }
}

function pathOf(components: readonly string[], index: number): string {
  return `/${components.slice(0, index + 1).join('/')}`
}

function isSlice(component: string): boolean {
  return component.endsWith('.slice') && isPlainUnitName(unescape(component))
}

/** systemd prefixes `_` to names that the kernel could mean itself, as `cgroup.procs` or `memory.service` (cg_escape). */
function unescape(component: string): string {
  return component.startsWith('_') ? component.slice(1) : component
}

/** (uid_t) -1 and its 16-bit form are no users (systemd's uid_is_valid). */
const noUsers = [0xffffffff, 0xffff]

/** The user of `user@UID.service`, which systemd never escapes; undefined for any other name. */
function managerUid(component: string): number | undefined {
  const digits = /^user@(0|[1-9][0-9]{0,9})\.service$/.exec(component)?.[1]
  if (digits === undefined) return undefined
  const uid = Number(digits)
  return uid > 0xffffffff || noUsers.includes(uid) ? undefined : uid
}
