import { errno } from '../base/errno.ts'
import { ENDED, IDLE, WOKEN } from './channel.ts'
import type { Frame } from './frame.ts'
import { PARKED, Refusal, type FileOp, type Handler } from './handler.ts'
import { capabilityTable, negotiate } from './init.ts'
import { traceReply, type Trace } from './trace.ts'
import { decodeBody, decodeHeader, initFlagsOf, type Decoded, type Request } from './wire/decode.ts'
import { encodeHeader, OUT_HEADER_BYTES } from './wire/encode.ts'
import { fuse_init_out, initFlag, type InHeader } from './wire/kernel.ts'
import { rowOf, type OpName } from './wire/ops.ts'

/** Where requests come from and replies go to; implemented by channel.ts. */
export interface RequestChannel {
  /** Holds the last request. */
  readonly request: Uint8Array
  readonly view: DataView
  /** Length of the next request, WOKEN, ENDED, or IDLE after `patience` milliseconds (-1: never). */
  next(patience: number): number
  reply(bytes: Uint8Array, length: number): void
}

export interface SessionOptions {
  readonly channel: RequestChannel
  readonly frame: Frame
  readonly handler: Handler
  /** Between two requests, when the other thread has something to say; false ends the loop. */
  readonly onWake: () => boolean
  /** Work that can wait until no request does: after how many milliseconds without one (-1: there is none), and what. */
  readonly patience: () => number
  readonly onIdle: () => void
  readonly onInit: () => void
  /** An error that the handler didn't expect; its request is answered with the errno that this returns. */
  readonly onError: (op: string, error: unknown) => number
  readonly trace: Trace | undefined
}

type AnyMethod = (request: Request<OpName>, frame: Frame) => unknown
type Served = Extract<Decoded, { body: unknown }>

/** A request that waits for its answer: `unique`, and its bytes as they came. */
interface Parked {
  readonly unique: bigint
  readonly bytes: Uint8Array
}

/** The loop: one request at a time, decoded, handed to the handler, answered. */
export class Session {
  readonly #options: SessionOptions
  #parked: Parked[] = []

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /**
   * Serve until the mount is gone or `onWake` says to stop. Throws what leaves no way to go on: bytes that are no request, a kernel whose
   * protocol is too old, a device that fails.
   */
  run(): void {
    const { channel, onWake, onIdle, patience } = this.#options
    for (;;) {
      const length = channel.next(patience())
      if (length === ENDED) return
      if (length === IDLE) {
        onIdle()
        continue
      }
      if (length === WOKEN) {
        if (!onWake()) return
      } else {
        this.#serve(length)
      }
    }
  }

  /** Ask again for every parked request; only from `onWake` and `onIdle`, between two requests. */
  retryParked(): void {
    const { channel } = this.#options
    const parked = this.#parked
    this.#parked = []
    for (const { bytes } of parked) {
      channel.request.set(bytes)
      this.#serve(bytes.length)
    }
  }

  #serve(length: number): void {
    const { channel, onError } = this.#options
    const header = decodeHeader(channel.view, length)
    try {
      const decoded = decodeBody(channel.request, channel.view, header)
      if (decoded.row.kind === 'refused') this.#replyEmpty(decoded.row.name, header, decoded.row.errno)
      else this.#answer(decoded as Served, length)
    } catch (error) {
      const op = rowOf(header.opcode).name
      this.#replyEmpty(op, header, onError(op, error))
      if (op === 'init') throw error
    }
  }

  #answer(request: Served, length: number): void {
    const { row, header } = request
    switch (row.name) {
      case 'init':
        this.#init(request, length)
        return
      case 'destroy':
        this.#replyEmpty(row.name, header, 0)
        return
      case 'forget':
      case 'batch_forget':
        // Node ids are stateless: there is nothing to forget.
        return
      case 'interrupt':
        this.#interrupt(request)
        return
      default:
        this.#dispatch(row.name, request)
    }
  }

  #dispatch(op: FileOp, request: Served): void {
    const method = this.#options.handler[op] as AnyMethod
    if (request.row.op.out === 'bytes') {
      this.#replyBytes(op, request, method)
      return
    }
    const answer = method(request as Request<OpName>, this.#options.frame)
    if (answer === PARKED) this.#park(request.header)
    else if (answer instanceof Refusal) this.#replyEmpty(op, request.header, answer.errno)
    else if (answer === undefined) this.#replyEmpty(op, request.header, 0)
    else this.#replyStruct(op, request, answer)
  }

  #park(header: InHeader): void {
    this.#parked.push({ unique: header.unique, bytes: this.#options.channel.request.slice(0, header.len) })
  }

  /** A parked request is let go with EINTR; any other that INTERRUPT names was answered before it was read. */
  #interrupt({ header, body }: Served): void {
    const { unique } = body as { unique: bigint }
    const at = this.#parked.findIndex((parked) => parked.unique === unique)
    if (at === -1) return
    this.#parked.splice(at, 1)
    this.#replyEmpty('interrupt', { ...header, unique }, errno.EINTR)
  }

  /** The payload was put behind the header's place; it goes to the kernel in one write from there and is wiped. */
  #replyBytes(op: FileOp, request: Served, method: AnyMethod): void {
    const { channel, frame, trace } = this.#options
    let payload = frame.capacity
    try {
      const answer = method(request as Request<OpName>, frame)
      payload = typeof answer === 'number' ? answer : 0
      if (answer instanceof Refusal) {
        this.#replyEmpty(op, request.header, answer.errno)
        return
      }
      channel.reply(frame.bytes, encodeHeader(frame.view, request.header.unique, 0, payload))
      if (trace) traceReply(trace, op, request.header.nodeid, 0, payload)
    } finally {
      frame.wipePayload(payload)
    }
  }

  #replyStruct(op: OpName, request: Served, answer: unknown): void {
    const { channel, frame, trace } = this.#options
    const struct = request.row.op.out
    if (typeof struct === 'string') throw new Error(`${op} has no struct to answer with`)
    struct.write(frame.view, OUT_HEADER_BYTES, answer)
    channel.reply(frame.bytes, encodeHeader(frame.view, request.header.unique, 0, struct.size))
    if (trace) traceReply(trace, op, request.header.nodeid, 0, struct.size)
  }

  #replyEmpty(op: string, header: InHeader, code: number): void {
    const { channel, frame, trace } = this.#options
    channel.reply(frame.bytes, encodeHeader(frame.view, header.unique, code, 0))
    if (trace) traceReply(trace, op, header.nodeid, code, 0)
  }

  #init(request: Served, length: number): void {
    const { channel, frame, trace, onInit } = this.#options
    const body = request.body as { major: number; minor: number; max_readahead: number; flags: number }
    const flags = initFlagsOf(channel.view, length, body.flags, initFlag.INIT_EXT)
    const offer = { ...body, flags }
    const answer = negotiate(offer, frame.capacity)
    if (trace) for (const line of capabilityTable(offer, answer)) trace.line(line)
    fuse_init_out.write(frame.view, OUT_HEADER_BYTES, { ...answer, unused: undefined })
    channel.reply(frame.bytes, encodeHeader(frame.view, request.header.unique, 0, fuse_init_out.size))
    onInit()
  }
}
