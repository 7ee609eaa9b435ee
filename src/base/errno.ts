/** Linux errno values (include/uapi/asm-generic/errno-base.h and errno.h). */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOTTY: 25,
  EROFS: 30,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ENOTCONN: 107,
  ESTALE: 116,
} as const

export type ErrnoName = keyof typeof errno
export type Errno = (typeof errno)[ErrnoName]

const names = new Map<number, string>(Object.entries(errno).map(([name, value]) => [value, name]))

/** `EIO` for 5; `errno 999` for one that isn't in the table. */
export function errnoName(value: number): string {
  return names.get(value) ?? `errno ${value}`
}
