/** Opcodes are below this (include/uapi/linux/fuse.h). */
const KINDS = 64
/** Of a new gap in the average of those before. */
const WEIGHT = 1 / 8
/** So many times the bound a gap counts at most, so that one pause doesn't outweigh all before it. */
const LONGEST = 4
/** Requests to sleep for after polling in vain, and after others wanted the processor meanwhile: doubled and added each time. */
const AFTER_MISS = 8
const AFTER_PREEMPTION = 64
const MOST_SKIPPED = 1024
/** What a poll that brought a request leaves of that. */
const FORGIVEN = 7 / 8

export type Outcome = 'request' | 'nothing' | 'preempted'

/**
 * Decides whether to poll for the next request before sleeping. Waking a sleeping server from another processor takes longer than answering; polling spends
 * processor time instead, which pays only where the next request comes soon and nobody else needs the processor. So: only after an answer, for at most
 * `bound`, where the requests after such an answer came sooner than that so far, and seldom where polling was in vain. All times in microseconds of one clock.
 */
export class Polling {
  /** Time that was spent polling. */
  spent = 0
  readonly #bound: number
  /** From the answer to a request of each opcode to the next request: a moving average. */
  readonly #gaps = new Float64Array(KINDS)
  #kind = 0
  #since = 0
  #penalty = 0
  #skips = 0

  /** 0: never. */
  constructor(bound: number) {
    this.#bound = bound
  }

  /** A request of this opcode was answered, and at `now` no other waits. How long to poll; 0: not at all. */
  start(opcode: number, now: number): number {
    this.#kind = opcode % KINDS
    this.#since = now
    if ((this.#gaps[this.#kind] ?? 0) > this.#bound) return 0
    if (this.#skips === 0) return this.#bound
    this.#skips--
    return 0
  }

  /** The polling that `start` allowed has ended. */
  end(outcome: Outcome, now: number): void {
    this.spent += now - this.#since
    if (outcome === 'request') {
      this.#learn(now)
      this.#penalty = Math.floor(this.#penalty * FORGIVEN)
    } else {
      const more = outcome === 'nothing' ? AFTER_MISS : AFTER_PREEMPTION
      this.#penalty = Math.min(MOST_SKIPPED, 2 * this.#penalty + more)
      this.#skips = this.#penalty
    }
  }

  /** The server has slept since `start`, until a request came or it had something else to do. */
  slept(now: number): void {
    this.#learn(now)
  }

  #learn(now: number): void {
    const gap = Math.min(now - this.#since, LONGEST * this.#bound)
    const before = this.#gaps[this.#kind] ?? 0
    this.#gaps[this.#kind] = before + (gap - before) * WEIGHT
  }
}
