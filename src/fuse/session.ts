import { errno } from '../base/errno.ts'
import { ENDED, IDLE, WOKEN } from './channel.ts'
import type { Frame } from './frame.ts'
import { PARKED, Refusal, type FileOp, type Handler } from './handler.ts'
import { capabilityTable, hasFlag, negotiate, type Wishes } from './init.ts'
import type { Journal, Parked } from './journal.ts'
import { traceReply, type Trace } from './trace.ts'
import { decodeBody, decodeHeader, initFlagsOf, type Decoded, type Request } from './wire/decode.ts'
import { encodeHeader, OUT_HEADER_BYTES, resendRequests } from './wire/encode.ts'
import { fuse_init_out, initFlag, type InHeader } from './wire/kernel.ts'
import { rowOf, type OpName } from './wire/ops.ts'

/** Where requests come from and replies go to; implemented by channel.ts. */
export interface RequestChannel {
  /** Length of the next request, which is in the journal's memory, WOKEN, ENDED, or IDLE after `patience` milliseconds (-1: never). */
  next(patience: number): number
  /** Copies `bytes` or sends them at once. */
  reply(bytes: Uint8Array, length: number): void
  /** From now on a reply may wait for others: its request isn't lost with this server. */
  gather(): void
}

export interface SessionOptions {
  readonly channel: RequestChannel
  readonly journal: Journal
  readonly frame: Frame
  readonly wishes: Omit<Wishes, 'mostBytes'>
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
    this.#resume()
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
    const { journal } = this.#options
    const parked = this.#parked
    this.#parked = []
    for (const again of parked) {
      journal.request.set(again.bytes)
      this.#serve(again.bytes.length, again)
      if (this.#parked.at(-1) !== again) journal.free(again)
    }
  }

  /**
   * Take over from a server that ended: what it had read and not answered comes first. A kernel since 6.9 sends it again; from an older one it is in the
   * journal, unless only its reply is missing there.
   */
  #resume(): void {
    const { channel, journal, onInit } = this.#options
    const { inFlight, negotiated } = journal
    if (negotiated === undefined) return
    const isInit = inFlight > 0 && rowOf(decodeHeader(journal.view, inFlight).opcode).name === 'init'
    if (isInit) this.#serve(inFlight)
    else if (hasFlag(negotiated.flags, 'HAS_RESEND')) {
      journal.clear()
      this.#askAgain()
      channel.gather()
    } else {
      this.#parked = journal.parked()
      const isParked = this.#parked.some(
        ({ unique }) => inFlight > 0 && unique === uniqueOf(journal, inFlight),
      )
      if (inFlight > 0 && !isParked) this.#serve(inFlight)
      this.retryParked()
    }
    if (!isInit) onInit()
  }

  #askAgain(): void {
    const { channel, onError } = this.#options
    const message = resendRequests()
    try {
      channel.reply(message, message.length)
    } catch (error) {
      onError('resend', error)
    }
  }

  #serve(length: number, again?: Parked): void {
    const { journal, onError } = this.#options
    const header = decodeHeader(journal.view, length)
    try {
      const decoded = decodeBody(journal.request, journal.view, header)
      if (decoded.row.kind === 'refused') this.#replyEmpty(decoded.row.name, header, decoded.row.errno)
      else this.#answer(decoded as Served, length, again)
    } catch (error) {
      const op = rowOf(header.opcode).name
      this.#replyEmpty(op, header, onError(op, error))
      if (op === 'init') throw error
    }
    journal.settle()
  }

  #answer(request: Served, length: number, again: Parked | undefined): void {
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
        this.#dispatch(row.name, request, again)
    }
  }

  #dispatch(op: FileOp, request: Served, again: Parked | undefined): void {
    const method = this.#options.handler[op] as AnyMethod
    if (request.row.op.out === 'bytes') {
      this.#replyBytes(op, request, method, again)
      return
    }
    const answer = method(request as Request<OpName>, this.#options.frame)
    if (answer === PARKED) this.#park(op, request.header, again)
    else if (answer instanceof Refusal) this.#replyEmpty(op, request.header, answer.errno)
    else if (answer === undefined) this.#replyEmpty(op, request.header, 0)
    else this.#replyStruct(op, request, answer)
  }

  /** More than the journal has room for would be lost with this server. */
  #park(op: FileOp, header: InHeader, again: Parked | undefined): void {
    const parked = again ?? this.#options.journal.park(header.unique, header.len)
    if (parked === undefined) this.#replyEmpty(op, header, errno.EIO)
    else this.#parked.push(parked)
  }

  /** A parked request is let go with EINTR; any other that INTERRUPT names was answered before it was read. */
  #interrupt({ header, body }: Served): void {
    const { unique } = body as { unique: bigint }
    const at = this.#parked.findIndex((parked) => parked.unique === unique)
    const parked = this.#parked[at]
    if (parked === undefined) return
    this.#parked.splice(at, 1)
    this.#replyEmpty('interrupt', { ...header, unique }, errno.EINTR)
    this.#options.journal.free(parked)
  }

  /** The payload was put behind the header's place; it goes to the kernel in one write from there and is wiped. */
  #replyBytes(op: FileOp, request: Served, method: AnyMethod, again: Parked | undefined): void {
    const { channel, frame, trace } = this.#options
    let payload = frame.capacity
    try {
      const answer = method(request as Request<OpName>, frame)
      payload = typeof answer === 'number' ? answer : 0
      if (answer === PARKED) {
        this.#park(op, request.header, again)
        return
      }
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
    const { channel, journal, frame, trace, onInit, wishes } = this.#options
    const body = request.body as { major: number; minor: number; max_readahead: number; flags: number }
    const offer = { ...body, flags: initFlagsOf(journal.view, length, body.flags, initFlag.INIT_EXT) }
    const { answer, flags } = negotiate(offer, { ...wishes, mostBytes: frame.capacity })
    journal.agree({ minor: answer.minor, flags })
    if (trace) for (const line of capabilityTable(offer, answer)) trace.line(line)
    fuse_init_out.write(frame.view, OUT_HEADER_BYTES, { ...answer, unused: undefined })
    channel.reply(frame.bytes, encodeHeader(frame.view, request.header.unique, 0, fuse_init_out.size))
    if (hasFlag(flags, 'HAS_RESEND')) channel.gather()
    onInit()
  }
}

function uniqueOf(journal: Journal, length: number): bigint {
  return decodeHeader(journal.view, length).unique
}
