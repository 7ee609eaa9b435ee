import koffi from 'koffi'
import { SystemError } from '../base/errors.ts'
import { errno, errnoName } from '../base/errno.ts'

/**
 * The few libc calls that Node doesn't offer, or offers only with an exception per EAGAIN. Buffers are passed by address, without a copy:
 * a view of the WASM heap goes to the kernel as it is. A failing call returns -1 and leaves errno for `lastErrno`.
 */
export const libc = koffi.load('libc.so.6')

type Bytes = Uint8Array

export const read = libc.func('int64_t read(int fd, void *buf, size_t count)') as (
  fd: number,
  into: Bytes,
  count: number,
) => number

export const write = libc.func('int64_t write(int fd, void *buf, size_t count)') as (
  fd: number,
  from: Bytes,
  count: number,
) => number

export const pread = libc.func('int64_t pread(int fd, void *buf, size_t count, int64_t offset)') as (
  fd: number,
  into: Bytes,
  count: number,
  offset: number,
) => number

const pollCall = libc.func('int poll(void *fds, unsigned long nfds, int timeout)') as (
  fds: Bytes,
  count: number,
  milliseconds: number,
) => number
const fcntlCall = libc.func('int fcntl(int fd, int cmd, long arg)') as (
  fd: number,
  command: number,
  argument: number,
) => number
const eventfdCall = libc.func('int eventfd(unsigned int initval, int flags)') as (
  initial: number,
  flags: number,
) => number
const pipe2Call = libc.func('int pipe2(void *fds, int flags)') as (fds: Bytes, flags: number) => number
const prctlCall = libc.func(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
) as (option: number, a: number, b: number, c: number, d: number) => number
const mountCall = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
) as (source: string, target: string, type: string, flags: number, data: string) => number
const umount2Call = libc.func('int umount2(const char *target, int flags)') as (
  target: string,
  flags: number,
) => number
const exitCall = libc.func('void _exit(int status)') as (status: number) => void

/** errno of the last call of this thread. */
export function lastErrno(): number {
  return koffi.errno()
}

/** Throw what the last call of this thread failed with. */
export function fail(syscall: string, hint?: string): never {
  const code = lastErrno()
  throw new SystemError(syscall, code, errnoName(code), hint === undefined ? {} : { hint })
}

const F_GETFL = 3
const F_SETFL = 4
const O_NONBLOCK = 0o4000

/** Set O_NONBLOCK on the open file description, so for every process that shares it. */
export function setNonBlocking(fd: number): void {
  const flags = fcntlCall(fd, F_GETFL, 0)
  if (flags < 0 || fcntlCall(fd, F_SETFL, flags | O_NONBLOCK) < 0) fail('fcntl')
}

/** Take O_NONBLOCK from the open file description, where there is one. */
export function setBlocking(fd: number): void {
  const flags = fcntlCall(fd, F_GETFL, 0)
  if (flags >= 0) fcntlCall(fd, F_SETFL, flags & ~O_NONBLOCK)
}

const F_SETFD = 2
const FD_CLOEXEC = 1

/** Keep a descriptor that was inherited from the programs that this process starts. */
export function closeOnExec(fd: number): void {
  if (fcntlCall(fd, F_SETFD, FD_CLOEXEC) < 0) fail('fcntl')
}

/** Leave a descriptor to the program that this process becomes, where there is one. */
export function passOn(fd: number): void {
  fcntlCall(fd, F_SETFD, 0)
}

const EFD_CLOEXEC = 0o2000000
const EFD_NONBLOCK = 0o4000

/** A counter that wakes a poll(2) of another thread: `signal` it, `drain` it after waking. */
export function createEventFd(): number {
  const fd = eventfdCall(0, EFD_CLOEXEC | EFD_NONBLOCK)
  if (fd < 0) fail('eventfd')
  return fd
}

const O_CLOEXEC = 0o2000000

/** A pipe; no program that is started gets its ends but by being given one. */
export function createPipe(): { readEnd: number; writeEnd: number } {
  const fds = Buffer.alloc(8)
  if (pipe2Call(fds, O_CLOEXEC) < 0) fail('pipe2')
  return { readEnd: fds.readInt32LE(0), writeEnd: fds.readInt32LE(4) }
}

const one = new Uint8Array(new BigUint64Array([1n]).buffer)

export function signalEventFd(fd: number): void {
  if (write(fd, one, 8) < 0) fail('write')
}

/** True when it was signalled since it was last drained. */
export function drainEventFd(fd: number): boolean {
  return read(fd, new Uint8Array(8), 8) === 8
}

const POLLIN = 1

/** Waits until one of two descriptors is readable; the calling thread sleeps in the kernel. */
export class Poller {
  readonly #fds = new DataView(new ArrayBuffer(16))
  readonly #bytes = new Uint8Array(this.#fds.buffer)

  constructor(first: number, second: number) {
    this.#fds.setInt32(0, first, true)
    this.#fds.setInt32(8, second, true)
    this.#fds.setUint16(4, POLLIN, true)
    this.#fds.setUint16(12, POLLIN, true)
  }

  /**
   * Sleep until one is readable, for at most `milliseconds` (-1: for ever). Says `first` after a signal too: the state of the first descriptor shows
   * at its next read.
   */
  wait(milliseconds: number): 'first' | 'second' | 'neither' {
    this.#fds.setUint16(6, 0, true)
    this.#fds.setUint16(14, 0, true)
    if (pollCall(this.#bytes, 2, milliseconds) === 0) return 'neither'
    return this.#fds.getUint16(14, true) === 0 ? 'first' : 'second'
  }
}

const POLLOUT = 4

/** Wait for events of one descriptor (poll(2); errors and hang-ups always count); false: none came within `milliseconds`. */
export function poll(fd: number, events: number, milliseconds: number): boolean {
  const entry = new DataView(new ArrayBuffer(8))
  entry.setInt32(0, fd, true)
  entry.setUint16(4, events, true)
  return pollCall(new Uint8Array(entry.buffer), 1, milliseconds) > 0
}

/** Write all of `bytes`, also to a descriptor that somebody has made non-blocking. Throws `SystemError`. */
export function writeAll(fd: number, bytes: Bytes): void {
  for (let at = 0; at < bytes.length;) {
    const written = write(fd, bytes.subarray(at), bytes.length - at)
    if (written >= 0) at += written
    else if (lastErrno() === errno.EAGAIN) poll(fd, POLLOUT, -1)
    else if (lastErrno() !== errno.EINTR) fail('write')
  }
}

const PR_SET_DUMPABLE = 4

/** No core dump, and no ptrace or /proc/PID/mem for processes without CAP_SYS_PTRACE (prctl(2)). */
export function forbidDumps(): void {
  if (prctlCall(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0) fail('prctl')
}

const PR_SET_PDEATHSIG = 1
const signals = { SIGKILL: 9, SIGTERM: 15 }

/** Get this signal when the thread that started this process ends (prctl(2)). */
export function dieWithParent(signal: keyof typeof signals): void {
  if (prctlCall(PR_SET_PDEATHSIG, signals[signal], 0, 0, 0) !== 0) fail('prctl')
}

export function mount(source: string, target: string, type: string, flags: number, data: string): void {
  if (mountCall(source, target, type, flags, data) !== 0) fail('mount')
}

const MNT_DETACH = 2

/** Detach at once; what is open keeps its reference until the server goes (umount2(2), MNT_DETACH). */
export function detach(target: string): void {
  if (umount2Call(target, MNT_DETACH) !== 0) fail('umount2')
}

/** End the process now: no exit handler, no waiting for threads that sleep in the kernel. */
export function exitNow(status: number): never {
  exitCall(status)
  throw new Error('unreachable')
}

const mallocTrimCall = libc.func('int malloc_trim(size_t pad)') as (pad: number) => number

/** Give freed memory back to the system, from all threads' arenas: glibc keeps what lies below a piece that is in use (malloc_trim(3)). */
export function trimMemory(): void {
  mallocTrimCall(0)
}

/** socket(2) as it is: a negative number is a failure. */
export const socket = libc.func('int socket(int domain, int type, int protocol)') as (
  domain: number,
  type: number,
  protocol: number,
) => number

/** open(2) and close(2) as they are: without an exception, without a promise. */
export const open = libc.func('int open(const char *path, int flags)') as (
  path: string,
  flags: number,
) => number

export const close = libc.func('int close(int fd)') as (fd: number) => number

const getxattrCall = libc.func(
  'int64_t getxattr(const char *path, const char *name, void *value, size_t size)',
) as (path: string, name: string, into: Bytes, size: number) => number

/** Longer values are none of hushfs's business. */
const xattr = Buffer.alloc(256)

/** An extended attribute as text; undefined: it isn't there, can't be read, or is longer than 256 bytes (getxattr(2)). */
export function getxattr(path: string, name: string): string | undefined {
  const length = getxattrCall(path, name, xattr, xattr.length)
  return length < 0 ? undefined : xattr.toString('utf8', 0, length)
}

export const readlink = libc.func('int64_t readlink(const char *path, void *buf, size_t size)') as (
  path: string,
  into: Bytes,
  size: number,
) => number

/** The same from an open folder (readlinkat(2)); `name` ends with a NUL. */
export const readlinkat = libc.func('int64_t readlinkat(int folder, void *name, void *buf, size_t size)') as (
  folder: number,
  name: Bytes,
  into: Bytes,
  size: number,
) => number

/** Signal 0 asks without sending: -1 with ESRCH unless thread `tid` belongs to process `pid` (kernel/signal.c, do_send_specific). */
export const tgkill = libc.func('int tgkill(int pid, int tid, int signal)') as (
  pid: number,
  tid: number,
  signal: number,
) => number
