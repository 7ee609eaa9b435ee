import { errno, type Errno } from '../base/errno.ts'
import { HushfsError, type ErrorCode } from '../base/errors.ts'

/** The one place where an error becomes an errno. What isn't listed, and what isn't ours, is EIO. */
const table: Partial<Record<ErrorCode, Errno>> = {
  ERR_SOURCE: errno.EIO,
  ERR_UNAVAILABLE: errno.EIO,
  ERR_SEALED: errno.EIO,
  ERR_IDENTITY: errno.EIO,
  ERR_PROTOCOL: errno.EIO,
}

export function errnoFor(error: unknown): Errno {
  return error instanceof HushfsError ? (table[error.code] ?? errno.EIO) : errno.EIO
}
