import koffi from 'koffi'
import { errnoName } from '../../src/base/errno.ts'

/** System calls that Node lacks and that the tests make as any program on the mount might. They throw the errno's name. */
const libc = koffi.load('libc.so.6')

type Pointer = unknown

const mmapCall = libc.func(
  'void *mmap(void *at, size_t length, int prot, int flags, int fd, int64_t offset)',
) as (at: null, length: number, prot: number, flags: number, fd: number, offset: number) => Pointer
const munmapCall = libc.func('int munmap(void *at, size_t length)') as (at: Pointer, length: number) => number
const memcpyCall = libc.func('void *memcpy(_Out_ void *to, void *from, size_t length)') as (
  to: Uint8Array,
  from: Pointer,
  length: number,
) => Pointer
const sendfileCall = libc.func('int64_t sendfile(int out, int in, void *offset, size_t count)') as (
  out: number,
  input: number,
  offset: null,
  count: number,
) => number
const memfdCall = libc.func('int memfd_create(const char *name, unsigned int flags)') as (
  name: string,
  flags: number,
) => number
const setxattrCall = libc.func(
  'int setxattr(const char *path, const char *name, const char *value, size_t size, int flags)',
) as (path: string, name: string, value: string, size: number, flags: number) => number
const mknodCall = libc.func('int mknod(const char *path, unsigned int mode, uint64_t dev)') as (
  path: string,
  mode: number,
  dev: number,
) => number
const fallocateCall = libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)') as (
  fd: number,
  mode: number,
  offset: number,
  length: number,
) => number
const inotifyInitCall = libc.func('int inotify_init1(int flags)') as (flags: number) => number
const inotifyAddCall = libc.func('int inotify_add_watch(int fd, const char *path, uint32_t mask)') as (
  fd: number,
  path: string,
  mask: number,
) => number

const pollCall = libc.func('int poll(void *fds, unsigned long count, int timeout)') as (
  fds: Uint8Array,
  count: number,
  milliseconds: number,
) => number

function checked(result: number): number {
  if (result < 0) throw new Error(errnoName(koffi.errno()))
  return result
}

const PROT_READ = 1
const MAP_PRIVATE = 2
const MAP_FAILED = 2n ** 64n - 1n

/** A copy of what a private mapping of `length` bytes shows. */
export function readMapped(fd: number, length: number): Buffer {
  const at = mmapCall(null, length, PROT_READ, MAP_PRIVATE, fd, 0)
  if (koffi.address(at) === MAP_FAILED) throw new Error(errnoName(koffi.errno()))
  const copy = Buffer.alloc(length)
  memcpyCall(copy, at, length)
  checked(munmapCall(at, length))
  return copy
}

/** sendfile(2) until the end of the file, into memory. Returns the descriptor of that memory; the caller closes it. */
export function sendToMemory(fd: number): number {
  const memory = checked(memfdCall('sent', 0))
  while (checked(sendfileCall(memory, fd, null, 1 << 20)) > 0);
  return memory
}

export function setxattr(path: string, name: string, value: string): void {
  checked(setxattrCall(path, name, value, value.length, 0))
}

export function mknod(path: string, mode: number, dev: number): void {
  checked(mknodCall(path, mode, dev))
}

export function fallocate(fd: number, length: number): void {
  checked(fallocateCall(fd, 0, 0, length))
}

/** Events of inotify(7), by the bits of their mask. */
const events: Record<number, string> = { 0x4: 'ATTRIB', 0x400: 'DELETE_SELF', 0x8000: 'IGNORED' }
const IN_WATCHED = 0x4 | 0x400

/** A descriptor from which inotify's events of one file are read, by any read(2). */
export function watch(path: string): number {
  const fd = checked(inotifyInitCall(0))
  checked(inotifyAddCall(fd, path, IN_WATCHED))
  return fd
}

const POLLIN = 1

/** Wait until a descriptor can be read; throws when it can't in time. */
export function untilReadable(fd: number, milliseconds: number): void {
  const pollfd = Buffer.alloc(8)
  pollfd.writeInt32LE(fd, 0)
  pollfd.writeInt16LE(POLLIN, 4)
  if (checked(pollCall(pollfd, 1, milliseconds)) === 0) throw new Error('ETIMEDOUT')
}

/** The names of the events that one read(2) of a watch gave. */
export function eventNames(bytes: Buffer): string[] {
  const names: string[] = []
  for (let at = 0; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 12)) {
    const mask = bytes.readUInt32LE(at + 4)
    names.push(events[mask] ?? `0x${mask.toString(16)}`)
  }
  return names
}

const socketpair = libc.func('int socketpair(int domain, int type, int protocol, void *fds)') as (
  domain: number,
  type: number,
  protocol: number,
  fds: Uint8Array,
) => number
const AF_UNIX = 1
const SOCK_SEQPACKET = 5

/** Two ends, each of which reads what was written to the other one, message by message. */
export function messagePair(): [number, number] {
  const fds = Buffer.alloc(8)
  checked(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds))
  return [fds.readInt32LE(0), fds.readInt32LE(4)]
}
