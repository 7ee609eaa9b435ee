import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { isNodeError, reasonOf, StoreError } from '../base/errors.ts'
import { MAX_SECRET_BYTES } from '../sources/source.ts'
import { promptTwice } from './prompt.ts'

/**
 * The new value of a secret, byte for byte, which the caller wipes: from a file (`-`: standard input), else from a prompt on a
 * terminal, else from standard input. Throws `StoreError`.
 */
export async function readValue(name: string, from: string | undefined): Promise<Uint8Array> {
  if (from === undefined && process.stdin.isTTY) return promptTwice(`value of ${name}`)
  if (from === undefined || from === '-') return collect(process.stdin, 'standard input')
  return collect(createReadStream(from), from)
}

async function collect(stream: Readable, what: string): Promise<Uint8Array> {
  const value = Buffer.alloc(MAX_SECRET_BYTES)
  let length = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (length + chunk.length > MAX_SECRET_BYTES) {
        throw new StoreError(`${what}: has more than 1 MiB, the most that a secret can have`)
      }
      length += chunk.copy(value, length)
      chunk.fill(0)
    }
    return value.subarray(0, length)
  } catch (error) {
    value.fill(0)
    if (!isNodeError(error)) throw error
    throw new StoreError(error.path === undefined ? `${what}: ${reasonOf(error)}` : reasonOf(error), {
      cause: error,
    })
  }
}
