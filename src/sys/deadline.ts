import { fail, libc } from './libc.ts'

const timerCreate = libc.func('int timer_create(int clock, void *event, void *id)') as (
  clock: number,
  event: Uint8Array,
  id: Uint8Array,
) => number
const timerSettime = libc.func('int timer_settime(void *id, int flags, void *value, void *old)') as (
  id: bigint,
  flags: number,
  value: Uint8Array,
  old: null,
) => number

const CLOCK_MONOTONIC = 1
const SIGEV_SIGNAL = 0
/** sizeof(struct sigevent), with sigev_signo and sigev_notify behind the 8 bytes of sigev_value. */
const SIGEVENT_BYTES = 64
/** struct itimerspec: interval, then value, each as seconds and nanoseconds. */
const ITIMERSPEC_BYTES = 32

/**
 * A signal that the kernel sends to this process unless it is put off in time (timer_create(2)). It needs no code of the process to run, so it
 * reaches one that is stopped, frozen or stuck: SIGCONT ends a stop the moment it is sent, SIGKILL ends a stopped and a frozen process too.
 */
export class Deadline {
  readonly #timer: bigint
  readonly #spec = new DataView(new ArrayBuffer(ITIMERSPEC_BYTES))
  readonly #bytes = new Uint8Array(this.#spec.buffer)

  /** Not running before the first `putOff`. `signal` is a number. Throws `SystemError`. */
  constructor(signal: number) {
    const event = Buffer.alloc(SIGEVENT_BYTES)
    event.writeInt32LE(signal, 8)
    event.writeInt32LE(SIGEV_SIGNAL, 12)
    const id = Buffer.alloc(8)
    if (timerCreate(CLOCK_MONOTONIC, event, id) !== 0) fail('timer_create')
    this.#timer = id.readBigUInt64LE()
  }

  /** The signal comes in so many milliseconds, 0: never. */
  putOff(milliseconds: number): void {
    this.#spec.setBigInt64(16, BigInt(Math.floor(milliseconds / 1000)), true)
    this.#spec.setBigInt64(24, BigInt((milliseconds % 1000) * 1_000_000), true)
    if (timerSettime(this.#timer, 0, this.#bytes, null) !== 0) fail('timer_settime')
  }
}
