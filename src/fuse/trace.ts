import { errnoName } from '../base/errno.ts'

/** What `--trace` shows of each operation. It is given sizes and names of operations, never a payload. */
export interface Trace {
  line(text: string): void
}

/** `read node=5 -> 64 bytes` or `open node=5 -> EIO`. */
export function traceReply(trace: Trace, op: string, node: number, errno: number, payload: number): void {
  const outcome = errno === 0 ? `${payload} bytes` : errnoName(errno)
  trace.line(`fuse: ${op} node=${node.toString(16)} -> ${outcome}`)
}
