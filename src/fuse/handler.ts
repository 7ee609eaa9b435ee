import type { Errno } from '../base/errno.ts'
import type { Frame } from './frame.ts'
import type { Request } from './wire/decode.ts'
import type { Of } from './wire/layout.ts'
import type { OpName, Served } from './wire/ops.ts'

/** An operation that is answered with an errno. One object per errno, so refusing costs no allocation. */
export class Refusal {
  readonly errno: Errno

  constructor(errno: Errno) {
    this.errno = errno
  }
}

const refusals = new Map<Errno, Refusal>()

export function refuse(errno: Errno): Refusal {
  let refusal = refusals.get(errno)
  if (refusal === undefined) refusals.set(errno, (refusal = new Refusal(errno)))
  return refusal
}

/** The answer isn't known yet: the session keeps the request and asks again when it is told to. */
export const PARKED = Symbol('parked')

/** Operations about the connection itself, which the session answers. */
export type SessionOp = 'init' | 'destroy' | 'interrupt' | 'forget' | 'batch_forget'
export type FileOp = Exclude<OpName, SessionOp>

/** A struct answers with its fields, `empty` with nothing; `bytes` puts its payload into the frame and answers with its length. */
type Answer<N extends OpName> = Served[N]['out'] extends 'bytes'
  ? number
  : Served[N]['out'] extends 'empty'
    ? undefined
    : Of<Served[N]['out']>

type Method<N extends OpName> = Served[N]['out'] extends 'bytes'
  ? (request: Request<N>, frame: Frame) => Answer<N> | Refusal | typeof PARKED
  : (request: Request<N>) => Answer<N> | Refusal | typeof PARKED

/** A filesystem: one method per operation, synchronous. */
export type Handler = { readonly [N in FileOp]: Method<N> }
