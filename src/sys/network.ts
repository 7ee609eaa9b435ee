import { close, socket } from './libc.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000

/** Whether this process may have sockets of the internet at all: in a unit with `RestrictAddressFamilies=AF_UNIX` it may not (systemd.exec(5)). */
export function mayUseNetwork(): boolean {
  return [AF_INET, AF_INET6].some((family) => {
    const fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    if (fd >= 0) close(fd)
    return fd >= 0
  })
}
