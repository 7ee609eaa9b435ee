import { fstatSync } from 'node:fs'
import type { Log } from '../base/log.ts'
import { createSharedMemory, mapSharedMemory, type SharedMemory } from '../sys/shared-memory.ts'
import { CONNECTION_BYTES, ConnectionMemory } from './connection-memory.ts'
import { MEMORY } from './descriptors.ts'
import { SystemdNotifier } from './systemd-notifier.ts'
import { detachMount, mountDevice, openDevice } from './mounting.ts'

/** /dev/fuse, the memory that belongs to it, and who mounts and unmounts. */
export interface Connection {
  /** A descriptor of /dev/fuse. */
  readonly device: number
  /** Of CONNECTION_BYTES; the worker maps it too. */
  readonly memory: SharedMemory
  readonly state: ConnectionMemory
  mount(directoryMode: number): void
  detach(): void
}

/** A connection of this process alone: it mounts, and takes the mount away when it ends. Throws `MountError` or `SystemError`. */
export function ownConnection(place: string): Connection {
  const device = openDevice()
  const memory = newConnectionMemory()
  let mounted = false
  return {
    device,
    memory,
    state: new ConnectionMemory(memory.bytes),
    mount: (directoryMode) => {
      mountDevice(device, place, directoryMode)
      mounted = true
    },
    detach: () => {
      if (mounted) detachMount(place)
      mounted = false
    },
  }
}

/**
 * A connection that `attach` has mounted, and that goes on to the next server when this one ends. Memory of another version of hushfs isn't understood: the
 * kernel is then asked for what that server had read. Throws `SystemError`.
 */
export function inheritedConnection(device: number, memoryFd: number, log: Log): Connection {
  const memory = inheritedMemory(memoryFd) ?? replacedMemory(log)
  const nothing = () => undefined
  return { device, memory, state: new ConnectionMemory(memory.bytes), mount: nothing, detach: nothing }
}

function inheritedMemory(fd: number): SharedMemory | undefined {
  if (fstatSync(fd).size !== CONNECTION_BYTES) return undefined
  const bytes = mapSharedMemory(fd, CONNECTION_BYTES)
  return new ConnectionMemory(bytes).journal.isForeign ? undefined : { fd, bytes }
}

function replacedMemory(log: Log): SharedMemory {
  log.notice('the server before was of another version: its audit, and descriptors that it opened, are lost')
  const memory = newConnectionMemory()
  new ConnectionMemory(memory.bytes).journal.assumeInit()
  new SystemdNotifier().store(MEMORY, memory.fd)
  return memory
}

/** Throws `SystemError`. */
export function newConnectionMemory(): SharedMemory {
  return createSharedMemory('hushfs', CONNECTION_BYTES)
}
