import { libc } from './libc.ts'

const syscall = libc.func('long syscall(long number, int pid, unsigned int flags)') as (
  number: number,
  pid: number,
  flags: number,
) => number
const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)') as (
  fd: number,
  request: number,
  argument: Uint8Array,
) => number

/** The same number on every architecture (include/uapi/asm-generic/unistd.h). */
const SYS_pidfd_open = 434
/** O_EXCL: of any thread, not only of one that leads its process. Since Linux 6.9. */
const PIDFD_THREAD = 0o200

/** A descriptor of the thread itself, whoever has its number later (pidfd_open(2)); -1: see errno. */
export function openThread(tid: number): number {
  return syscall(SYS_pidfd_open, tid, PIDFD_THREAD)
}

/** struct pidfd_info as of Linux 6.13, PIDFD_INFO_SIZE_VER0: mask u64, cgroupid u64, then ids and credentials. */
export const THREAD_INFO_BYTES = 64
/** _IOWR(0xff, 11, struct pidfd_info) */
const PIDFD_GET_INFO = 0xc000_0000 + (THREAD_INFO_BYTES << 16) + (0xff << 8) + 11
const PIDFD_INFO_CGROUPID = 1 << 2
const CGROUP_ID_AT = 8

/** Fill `info` for a descriptor of `openThread` (fs/pidfs.c, pidfd_info): 0, or -1: see errno. ESRCH: the thread is gone. ENOTTY or EINVAL: the kernel is older than 6.13. */
export function threadInfo(fd: number, info: Uint8Array): number {
  info.fill(0)
  info[0] = PIDFD_INFO_CGROUPID
  return ioctl(fd, PIDFD_GET_INFO, info)
}

/**
 * The thread's cgroup in the version 2 hierarchy, by the id that the kernel gives it and never gives again until it is booted anew (fs/kernfs/dir.c,
 * __kernfs_new_node): the inode number of the cgroup's folder. 0: the kernel doesn't say, or it is no exact number in a double.
 */
export function cgroupIdIn(info: DataView): number {
  if ((info.getUint32(0, true) & PIDFD_INFO_CGROUPID) === 0) return 0
  const high = info.getUint32(CGROUP_ID_AT + 4, true)
  return high < 1 << 21 ? high * 0x1_0000_0000 + info.getUint32(CGROUP_ID_AT, true) : 0
}
