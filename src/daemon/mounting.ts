import { openSync } from 'node:fs'
import { isNodeError, MountError, reasonOf, SystemError } from '../base/errors.ts'
import { errno } from '../base/errno.ts'
import { detach, mount } from '../sys/libc.ts'
import { mountAt, readMounts } from '../sys/mountinfo.ts'
import { MOUNT_TYPE } from './mount-point.ts'

const MS_RDONLY = 1
const MS_NOSUID = 2
const MS_NODEV = 4
const MS_NOEXEC = 8
const MS_NOATIME = 1024
const FLAGS = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME

/** A connection to the kernel that isn't mounted yet. */
export function openDevice(): number {
  try {
    return openSync('/dev/fuse', 'r+')
  } catch (error) {
    const code = isNodeError(error) ? error.code : undefined
    const hint = code === 'ENOENT' || code === 'ENODEV' ? 'modprobe fuse' : 'mounting needs root'
    throw new MountError(reasonOf(error), { hint })
  }
}

/** What mountinfo shows as the source of a mount that belongs to no unit. */
const SOURCE = 'hushfs'

/** Mount the connection; `source` shows in mountinfo. The kernel's own permission check (`default_permissions`) holds for every user (`allow_other`). */
export function mountDevice(device: number, place: string, directoryMode: number, source = SOURCE): void {
  const rootMode = (0o040000 | directoryMode).toString(8)
  const data = `fd=${device},rootmode=${rootMode},user_id=0,group_id=0,default_permissions,allow_other`
  try {
    mount(source, place, MOUNT_TYPE, FLAGS, data)
  } catch (error) {
    const denied = error instanceof SystemError && error.errno === errno.EPERM
    throw new MountError(
      `${place}: can't be mounted: ${reasonOf(error)}`,
      denied ? { hint: 'mounting needs root' } : {},
    )
  }
}

/** Where mounts of hushfs with this source are. Asks no filesystem. */
export function mountsOf(source: string): string[] {
  return readMounts()
    .filter((entry) => entry.type === MOUNT_TYPE && entry.source === source)
    .map(({ mountPoint }) => mountPoint)
}

/** Detach the mount of hushfs at `place`, lazily; false when there is none any more. */
export function detachMount(place: string): boolean {
  if (mountAt(place)?.type !== MOUNT_TYPE) return false
  detach(place)
  return true
}
