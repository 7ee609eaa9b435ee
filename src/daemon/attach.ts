import { mkdirSync } from 'node:fs'
import { MountError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { mountAt } from '../sys/mountinfo.ts'
import { newConnectionMemory } from './connection.ts'
import { FUSE, MEMORY } from './descriptors.ts'
import { answers, canonical, freeMountPoint, MOUNT_TYPE } from './mount-point.ts'
import { detachMount, mountDevice, mountsOf, openDevice } from './mounting.ts'
import { ownUnit, storedDescriptors } from './own-unit.ts'
import { SystemdNotifier } from './systemd-notifier.ts'

const STORED = 2
/** Milliseconds that systemd may take to read what it was told. */
const SETTLES_WITHIN = 10_000

/**
 * The service's first step, as root in the host's mount namespace: mount, and have systemd keep the descriptor. A mount whose descriptor it keeps
 * already goes on to the next server as it is. Throws `MountError`.
 */
export async function attach(mountPoint: string, directoryMode: number, log: Log): Promise<void> {
  const systemd = new SystemdNotifier()
  if (!systemd.present)
    throw new MountError('attach is a step of the systemd service', { hint: 'hushfs mount' })
  const unit = ownUnit()
  const place = canonical(mountPoint)
  if (mountsOf(unit).includes(place) && storedDescriptors(unit) >= STORED) return
  for (const old of mountsOf(unit)) clear(old, log)
  if (mountAt(place)?.type === MOUNT_TYPE && !(await answers(place))) clear(place, log)
  if (mountAt(place) === undefined) mkdirSync(place, { recursive: true, mode: 0o755 })
  const device = openDevice()
  mountDevice(device, await freeMountPoint(place), directoryMode, unit)
  systemd.store(MEMORY, newConnectionMemory().fd)
  systemd.store(FUSE, device)
  if (systemd.settled(SETTLES_WITHIN)) return
  detachMount(place)
  throw new MountError('systemd did not take the descriptor of the mount', {
    hint: 'the unit needs NotifyAccess=all and FileDescriptorStoreMax=8',
  })
}

/** The mount of a server that is gone for good, or that was at another place. */
function clear(place: string, log: Log): void {
  detachMount(place)
  log.warning(`${place}: took away the dead mount of an earlier server`)
}
