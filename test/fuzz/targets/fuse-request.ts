import { ProtocolError } from '../../../src/base/errors.ts'
import { decodeBody, decodeHeader, initFlagsOf } from '../../../src/fuse/wire/decode.ts'
import { fuse_in_header, fuse_init_in, initFlag } from '../../../src/fuse/wire/kernel.ts'
import type { Target } from '../target.ts'

export const target: Target = {
  run: (input) => {
    const view = new DataView(input.buffer, input.byteOffset, input.length)
    // The length is the kernel's own; with a wrong one there is nothing else to find.
    if (input.length >= 4) view.setUint32(0, input.length, true)
    const header = decodeHeader(view, input.length)
    const decoded = decodeBody(input, view, header)
    if (decoded.row.kind === 'refused' || decoded.row.name !== 'init') return
    const { flags } = fuse_init_in.read(view, fuse_in_header.size)
    initFlagsOf(view, input.length, flags, initFlag.INIT_EXT)
  },
  expects: (error) => error instanceof ProtocolError,
}
