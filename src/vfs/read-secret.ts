import { errno } from '../base/errno.ts'
import { PARKED, refuse, type Refusal } from '../fuse/handler.ts'
import type { Request } from '../fuse/wire/decode.ts'
import { FUSE_READ_LOCKOWNER, type InHeader } from '../fuse/wire/kernel.ts'
import type { OpenVersions } from './handles.ts'
import { isPresent, type PresentValue } from './table.ts'
import type { SecretFile } from './secrets.ts'
import { mustWait } from './waiting.ts'

/** Opens stored values into the reply; implemented by vault/memory-vault. */
export interface ValueOpener {
  /** Put `length` bytes from `offset` on behind the header of the reply. */
  open(value: PresentValue, offset: number, length: number): void
}

/** Says who may; implemented by gate.ts. Undefined lets the caller through, PARKED lets it wait for the value. */
export interface Access {
  open(file: SecretFile, header: InHeader): Refusal | typeof PARKED | undefined
  /** `forCache`: the kernel would keep the answer, for whoever has a descriptor. */
  read(file: SecretFile, header: InHeader, forCache: boolean): Refusal | undefined
}

/** What both operations need besides the request. */
export interface Reading {
  readonly gate: Access
  readonly open: OpenVersions
  readonly vault: ValueOpener
}

/** OPEN of a secret, the straight line: may the caller, then which version the descriptor will read. The version is the file handle. */
export function openSecret(
  file: SecretFile,
  header: InHeader,
  { gate, open }: Reading,
): number | Refusal | typeof PARKED {
  const refusal = gate.open(file, header)
  if (refusal !== undefined) return refusal
  const { value } = file
  if (!isPresent(value)) return refuse(errno.EIO)
  open.opened(file.id, value.version)
  return value.version
}

/**
 * READ of a secret, the straight line: may the caller, the value of the version that was opened, then the bytes that are asked for,
 * opened into the reply. Returns their number; past the end nothing is opened. A descriptor that an earlier server has opened waits until this one has the value.
 *
 * A read for the page cache (mmap, sendfile, splice) gets the current value or ESTALE: a file has one cache for all its descriptors, so a replaced value
 * would be served from there to readers of the new one, and a short answer would shrink the size that all of them see (fs/fuse/file.c, fuse_short_read).
 */
export function readSecret(
  file: SecretFile,
  { header, body }: Request<'read'>,
  { gate, open, vault }: Reading,
  capacity: number,
): number | Refusal | typeof PARKED {
  const refusal = gate.read(file, header, isForCache(body))
  if (refusal !== undefined) return refusal
  const { value: current } = file
  const isCurrent = isPresent(current) && current.version === body.fh
  const replaced = isForCache(body) ? undefined : open.replaced(header.nodeid, body.fh)?.value
  const value = isCurrent ? current : replaced
  if (value === undefined) return mustWait(current, header) ? PARKED : refuse(errno.ESTALE)
  const length = Math.min(body.size, capacity, value.size - body.offset)
  if (length <= 0) return 0
  vault.open(value, body.offset, length)
  return length
}

/** mmap, sendfile and splice read through the page cache; only read(2) names its lock owner (fs/fuse/file.c, fuse_send_read). */
export function isForCache(body: Request<'read'>['body']): boolean {
  return (body.read_flags & FUSE_READ_LOCKOWNER) === 0
}
