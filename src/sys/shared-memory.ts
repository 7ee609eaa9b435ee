import koffi from 'koffi'
import { fail, libc } from './libc.ts'

/** Memory that has a descriptor: whoever holds that, another process too, maps the same bytes (memfd_create(2)). */
export interface SharedMemory {
  readonly fd: number
  readonly bytes: Uint8Array
}

const memfdCreate = libc.func('int memfd_create(const char *name, unsigned int flags)') as (
  name: string,
  flags: number,
) => number
const ftruncate = libc.func('int ftruncate(int fd, int64_t length)') as (fd: number, length: number) => number
const mmap = libc.func(
  'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
) as (
  address: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => bigint | null

const MFD_CLOEXEC = 1
const PROT_READ_WRITE = 1 | 2
const MAP_SHARED = 1
const MAP_FAILED = 2n ** 64n - 1n

/** New memory of `length` bytes, all zero. Throws `SystemError`. */
export function createSharedMemory(name: string, length: number): SharedMemory {
  const fd = memfdCreate(name, MFD_CLOEXEC)
  if (fd < 0) fail('memfd_create')
  if (ftruncate(fd, length) !== 0) fail('ftruncate')
  return { fd, bytes: mapSharedMemory(fd, length) }
}

/** Map memory that somebody else has made, for as long as the process lives. Throws `SystemError`. */
export function mapSharedMemory(fd: number, length: number): Uint8Array {
  const address = mmap(null, length, PROT_READ_WRITE, MAP_SHARED, fd, 0)
  if (address === null || address === MAP_FAILED || address === -1n) fail('mmap')
  return new Uint8Array(koffi.view(address, length))
}
