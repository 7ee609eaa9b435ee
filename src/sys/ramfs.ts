import koffi from 'koffi'
import { readlinkSync } from 'node:fs'
import { StoreError } from '../base/errors.ts'
import { fail, mount } from './libc.ts'

/** mount_setattr(2); the number is the same on every architecture but alpha. libc has a wrapper since glibc 2.36 only. */
const SYS_mount_setattr = 442
const syscall = koffi
  .load('libc.so.6')
  .func(
    'long syscall(long number, int dirfd, const char *path, unsigned int flags, void *attr, size_t size)',
  ) as (
  number: number,
  folder: number,
  path: string,
  flags: number,
  attributes: Uint8Array,
  size: number,
) => number

const AT_FDCWD = -100
const AT_RECURSIVE = 0x8000
const MOUNT_ATTR_RDONLY = 1n
const MS_NOSUID = 2
const MS_NODEV = 4
const MS_NOEXEC = 8

/** The mount namespace of this process, as namespaces(7) names it. */
export function mountNamespace(): string {
  return readlinkSync('/proc/self/ns/mnt')
}

/**
 * In a mount namespace of its own: every mount becomes read-only, then `folder` is covered by a ramfs, which is never swapped. So nothing
 * that runs here can write to a disk. Throws `StoreError` in the namespace `outside`, which must stay as it is.
 */
export function leaveRamOnly(outside: string, folder: string): void {
  if (mountNamespace() === outside) throw new StoreError('not in a mount namespace of its own')
  // struct mount_attr: attr_set, attr_clr, propagation, userns_fd, 64 bits each.
  const attributes = new Uint8Array(new BigUint64Array([MOUNT_ATTR_RDONLY, 0n, 0n, 0n]).buffer)
  const size = attributes.length
  if (syscall(SYS_mount_setattr, AT_FDCWD, '/', AT_RECURSIVE, attributes, size) !== 0) fail('mount_setattr')
  mount('ramfs', folder, 'ramfs', MS_NOSUID | MS_NODEV | MS_NOEXEC, 'mode=0700')
}
