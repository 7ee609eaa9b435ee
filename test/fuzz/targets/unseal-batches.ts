import { ProtocolError } from '../../../src/base/errors.ts'
import { BatchReader } from '../../../src/daemon/unseal-protocol.ts'
import type { Target } from '../target.ts'

/** Bytes of a stream behind one that says where it is cut. */
export const target: Target = {
  run: (input) => {
    const [cut = 1] = input
    const stream = input.subarray(1)
    const reader = new BatchReader()
    for (let at = 0; at < stream.length; at += cut + 1) reader.push(stream.subarray(at, at + cut + 1))
  },
  expects: (error) => error instanceof ProtocolError,
}
