// Node loads the global `performance` at its first use, which would be the first wait for a request.
import { performance } from 'node:perf_hooks'
import { errno, errnoName } from '../base/errno.ts'
import { SystemError } from '../base/errors.ts'
import { drainEventFd, lastErrno, Poller, read, setNonBlocking, write } from '../sys/libc.ts'
import { timesPreempted } from '../sys/usage.ts'
import type { Outbox } from './outbox.ts'
import type { Polling } from './polling.ts'

/** What the next wait on the channel brought. */
export const WOKEN = 0
export const ENDED = -1
export const IDLE = -2
/** Internal: no request waits. */
const NOTHING = 0

/** Errors of reading /dev/fuse after which the next request is simply read (fs/fuse/dev.c, fuse_dev_do_read). */
const RETRY: readonly number[] = [errno.EINTR, errno.ENOENT]

/** Requests after which the eventfd is looked at even though more of them wait: readers that never pause must not keep a reload out. */
const MOST_IN_A_ROW = 64

/** So many requests in a row that nobody had to wait for: then replies wait for each other. One reader alone makes two, RELEASE and the next OPEN. */
const BACKLOG = 3

/** A reply that the kernel no longer waits for: its caller was interrupted, or the mount is gone. */
const NOT_WAITED_FOR: readonly number[] = [errno.ENOENT, errno.ENODEV, errno.ENOTCONN]

/** Offset of the opcode in struct fuse_in_header, of which the low byte is enough; none has this one. */
const OPCODE_AT = 4
const NO_OPCODE = 0
/** Between two looks at the device nothing takes so long but another thread or the garbage collector. Microseconds. */
const INTERRUPTED = 30

/**
 * /dev/fuse as a source of requests and a sink of replies. The thread sleeps in poll(2) on the device and on an eventfd, never in read(2),
 * so that another thread can always wake it: a thread blocked in read(2) keeps Node from ever exiting. Before it sleeps it may poll the device for a moment (polling.ts).
 */
export class Channel {
  readonly #request: Uint8Array
  readonly #device: number
  readonly #wake: number
  readonly #poller: Poller
  readonly #polling: Polling
  readonly #outbox: Outbox
  readonly #sendOne = (bytes: Uint8Array, length: number) => {
    this.#send(bytes, length)
  }
  #gathers = false
  #inARow = 0
  /** Requests in a row that were there when they were looked for. */
  #backlog = 0
  /** Of the request that was given out last, as long as nothing else was done since. */
  #opcode = NO_OPCODE

  /** Each request is read into `request`: at least FUSE_MIN_READ_BUFFER (8192 bytes) and header plus max_write. */
  constructor(device: number, wake: number, request: Uint8Array, polling: Polling, outbox: Outbox) {
    this.#outbox = outbox
    this.#polling = polling
    this.#request = request
    this.#device = device
    this.#wake = wake
    this.#poller = new Poller(device, wake)
    setNonBlocking(device)
  }

  /**
   * Length of the next request, WOKEN when the other thread has something to say, ENDED when the mount is gone, IDLE when nothing of
   * that came for `patience` milliseconds (-1: wait for ever).
   */
  next(patience: number): number {
    if (++this.#inARow > MOST_IN_A_ROW && this.#woken()) {
      this.#flush()
      return WOKEN
    }
    let length = this.#readNext()
    if (length === NOTHING) length = this.#await(patience)
    this.#opcode = length > 0 ? (this.#request[OPCODE_AT] ?? NO_OPCODE) : NO_OPCODE
    return length
  }

  /** Replies may wait for each other from now on: if this server dies, the kernel sends their requests to the next one. */
  gather(): void {
    this.#gathers = true
  }

  /** Length of a request that is there already, NOTHING or ENDED. No reply waits while nothing is there. */
  #readNext(): number {
    if (this.#outbox.isFull) this.#flush()
    let length = this.#read()
    if (length <= 0 && !this.#outbox.isEmpty) {
      this.#flush()
      length = this.#read()
    }
    this.#backlog = length > 0 ? this.#backlog + 1 : 0
    return length
  }

  /** Length of a request, NOTHING or ENDED. */
  #read(): number {
    for (;;) {
      const length = read(this.#device, this.#request, this.#request.length)
      if (length > 0) return length
      const code = length === 0 ? errno.EAGAIN : lastErrno()
      if (code === errno.EAGAIN) return NOTHING
      if (code === errno.ENODEV) return ENDED
      if (!RETRY.includes(code)) throw new SystemError('read /dev/fuse', code, errnoName(code))
    }
  }

  #await(patience: number): number {
    const answered = this.#opcode !== NO_OPCODE
    const bound = answered ? this.#polling.start(this.#opcode, now()) : 0
    const polled = bound > 0 ? this.#poll(bound) : NOTHING
    if (polled !== NOTHING) return polled
    const length = this.#sleep(patience)
    if (answered && length !== WOKEN) this.#polling.slept(now())
    return length
  }

  /** Look again and again for at most `bound` microseconds. */
  #poll(bound: number): number {
    const preempted = timesPreempted()
    const start = now()
    for (let before = start; ;) {
      const length = this.#read()
      const time = now()
      if (time - before > INTERRUPTED && timesPreempted() !== preempted) {
        this.#polling.end('preempted', time)
        return length
      }
      if (length !== NOTHING || time - start >= bound) {
        this.#polling.end(length === NOTHING ? 'nothing' : 'request', time)
        return length
      }
      before = time
    }
  }

  #sleep(patience: number): number {
    for (;;) {
      const readable = this.#poller.wait(patience)
      if (readable === 'neither') return IDLE
      if (readable === 'second' && this.#woken()) return WOKEN
      const length = this.#read()
      if (length !== NOTHING) return length
    }
  }

  #woken(): boolean {
    this.#inARow = 0
    return drainEventFd(this.#wake)
  }

  /** Copies `bytes` or sends them at once. */
  reply(bytes: Uint8Array, length: number): void {
    const waits = this.#gathers && this.#backlog >= BACKLOG && this.#outbox.put(bytes, length)
    if (!waits) this.#send(bytes, length)
  }

  #flush(): void {
    this.#outbox.flush(this.#sendOne)
  }

  /** One write(2) per reply. One that nobody waits for any more is none. */
  #send(bytes: Uint8Array, length: number): void {
    if (write(this.#device, bytes, length) === length) return
    const code = lastErrno()
    if (NOT_WAITED_FOR.includes(code)) return
    throw new SystemError('write /dev/fuse', code, errnoName(code))
  }
}

/** Microseconds of a clock that nobody sets. */
function now(): number {
  return performance.now() * 1000
}

/**
 * Send a notification. Only from a thread that answers no requests: the kernel takes locks that a request in flight may hold.
 * Returns false when the kernel knows no such node or name, which means that nothing of it is cached.
 */
export function notify(device: number, message: Uint8Array): boolean {
  if (write(device, message, message.length) === message.length) return true
  const code = lastErrno()
  const nothingCached: readonly number[] = [errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENOTCONN]
  if (nothingCached.includes(code)) return false
  throw new SystemError('write /dev/fuse', code, errnoName(code))
}
