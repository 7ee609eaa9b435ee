import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { reasonOf } from './errors.ts'

/** Makes the caller's own error of a message that starts with the path. */
export type Fail = (message: string, cause?: unknown) => Error

/**
 * The whole of a regular file of at most `limit` bytes, in memory of its own (not Node's pool), so that the caller can
 * wipe it. A larger file is never read in, and a FIFO or device is never waited for. Throws only what `fail` makes.
 */
export function readBoundedFile(path: string, limit: number, fail: Fail): Buffer {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw fail(reasonOf(error), error)
  }
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) throw fail(`${path}: not a regular file`)
    if (stat.size > limit) throw fail(`${path}: larger than ${limit} bytes`)
    return readToEnd(descriptor, path, stat.size, limit, fail)
  } finally {
    closeSync(descriptor)
  }
}

/** `size` is a hint only: files of /proc and of other FUSE servers have size 0, and a file can grow. */
function readToEnd(descriptor: number, path: string, size: number, limit: number, fail: Fail): Buffer {
  let buffer: Buffer = Buffer.alloc(size + 1)
  let length = 0
  try {
    for (;;) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null)
      if (count === 0) return buffer.subarray(0, length)
      length += count
      if (length > limit) throw new RangeError(`larger than ${limit} bytes`)
      if (length === buffer.length) buffer = moved(buffer, Math.min(2 * length + 4096, limit + 1))
    }
  } catch (error) {
    buffer.fill(0)
    throw fail(`${path}: ${error instanceof RangeError ? error.message : reasonOf(error)}`, error)
  }
}

function moved(from: Buffer, length: number): Buffer {
  const to = Buffer.alloc(length)
  from.copy(to)
  from.fill(0)
  return to
}
