import koffi from 'koffi'
import { close, fail, libc, poll, socket } from './libc.ts'

/**
 * The socket of NOTIFY_SOCKET (sd_notify(3)): datagrams of lines, with descriptors beside them. Node has no Unix datagrams.
 */
const iovec = koffi.struct('hushfs_iovec', { base: 'void *', length: 'size_t' })
const msghdr = koffi.struct('hushfs_msghdr', {
  name: 'void *',
  nameLength: 'uint32_t',
  iov: koffi.pointer(iovec),
  iovLength: 'size_t',
  control: 'void *',
  controlLength: 'size_t',
  flags: 'int',
})
const sendmsg = libc.func('sendmsg', 'int64_t', ['int', koffi.pointer(msghdr), 'int']) as (
  fd: number,
  message: object,
  flags: number,
) => number
const pipe2 = libc.func('int pipe2(void *fds, int flags)') as (fds: Uint8Array, flags: number) => number

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const O_CLOEXEC = 0o2000000
const MSG_NOSIGNAL = 0x4000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const CMSG_HEADER_BYTES = 16
const SUN_PATH_BYTES = 108

/** Send one datagram to the socket at `path` (`@` in front: an abstract one). Throws `SystemError`. */
export function sendToSystemd(path: string, text: string, fds: readonly number[] = []): void {
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0)
  if (fd < 0) fail('socket')
  try {
    const data = Buffer.from(text)
    const name = addressOf(path)
    const control = rightsOf(fds)
    const message = {
      name,
      nameLength: name.length,
      iov: [{ base: data, length: data.length }],
      iovLength: 1,
      control: control.length === 0 ? null : control,
      controlLength: control.length,
      flags: 0,
    }
    if (sendmsg(fd, message, MSG_NOSIGNAL) < 0) fail('sendmsg')
  } finally {
    close(fd)
  }
}

/** struct sockaddr_un. */
function addressOf(path: string): Buffer {
  const bytes = Buffer.from(path)
  if (bytes.length >= SUN_PATH_BYTES) throw new RangeError('the path of NOTIFY_SOCKET is too long')
  if (path.startsWith('@')) bytes[0] = 0
  const family = Buffer.alloc(2)
  family.writeUInt16LE(AF_UNIX)
  return Buffer.concat([family, bytes, ...(path.startsWith('@') ? [] : [Buffer.alloc(1)])])
}

/** struct cmsghdr with descriptors behind it (cmsg(3)); the kernel takes a length that isn't padded. */
function rightsOf(fds: readonly number[]): Buffer {
  if (fds.length === 0) return Buffer.alloc(0)
  const length = CMSG_HEADER_BYTES + 4 * fds.length
  const control = Buffer.alloc((length + 7) & ~7)
  control.writeBigUInt64LE(BigInt(length), 0)
  control.writeInt32LE(SOL_SOCKET, 8)
  control.writeInt32LE(SCM_RIGHTS, 12)
  for (const [index, fd] of fds.entries()) control.writeInt32LE(fd, CMSG_HEADER_BYTES + 4 * index)
  return control
}

/**
 * Wait until systemd has read all that was sent before (sd_notify_barrier(3)): it closes the pipe that is sent along. False when it didn't
 * within `milliseconds`. Throws `SystemError`.
 */
export function awaitSystemd(path: string, milliseconds: number): boolean {
  const fds = Buffer.alloc(8)
  if (pipe2(fds, O_CLOEXEC) !== 0) fail('pipe2')
  const [reading, writing] = [fds.readInt32LE(0), fds.readInt32LE(4)]
  try {
    sendToSystemd(path, 'BARRIER=1', [writing])
  } finally {
    close(writing)
  }
  const hungUp = poll(reading, 0, milliseconds)
  close(reading)
  return hungUp
}
