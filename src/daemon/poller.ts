import { backoff } from '../base/backoff.ts'
import { SourceError } from '../base/errors.ts'
import type { Reading } from '../kv/client.ts'
import type { WantedSecret } from './fetch-protocol.ts'

/** A server, as `VaultClient` asks it. */
export interface Asked {
  read(path: string, version: number | undefined): Promise<Reading>
  stamp(path: string, version: number | undefined): Promise<string | undefined>
}

/** Where results go: each time a path was read or couldn't be. */
export interface PollResults {
  /** `value` is the taker's to wipe; `changedAt`: seconds since 1970, where the server tells. */
  value(index: number, value: Uint8Array, changedAt: number | undefined): void
  failing(index: number, error: unknown): void
}

const LONGEST_BACKOFF = 30_000

/**
 * Reads the secrets of one server and then asks, each after its `refresh`, whether they changed: one question for all fields of a path and version. No path
 * waits for another.
 */
export class Poller {
  readonly #paths: readonly Path[]

  constructor(asked: Asked, secrets: readonly WantedSecret[], results: PollResults) {
    const paths = new Map<string, WantedSecret[]>()
    for (const secret of secrets) {
      const key = JSON.stringify([secret.source.path, secret.source.version])
      paths.set(key, [...(paths.get(key) ?? []), secret])
    }
    const wake = () => {
      for (const path of this.#paths) path.wake()
    }
    this.#paths = [...paths.values()].map((members) => new Path(asked, members, results, wake))
  }

  start(): void {
    for (const path of this.#paths) void path.ask()
  }

  stop(): void {
    for (const path of this.#paths) path.stop()
  }
}

/** One version of one secret, with the fields that are wanted of it. */
class Path {
  readonly #asked: Asked
  readonly #members: readonly WantedSecret[]
  readonly #results: PollResults
  readonly #onRecovery: () => void
  readonly #path: string
  readonly #version: number | undefined
  readonly #refresh: number
  #stamp: string | undefined
  #hasStamps = true
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(asked: Asked, members: readonly WantedSecret[], results: PollResults, onRecovery: () => void) {
    this.#asked = asked
    this.#members = members
    this.#results = results
    this.#onRecovery = onRecovery
    const [first] = members
    this.#path = first?.source.path ?? ''
    this.#version = first?.source.version
    this.#refresh = 1000 * Math.min(...members.map(({ source }) => source.refresh))
  }

  /** Never throws. Plans the next question. */
  async ask(): Promise<void> {
    this.#timer = undefined
    try {
      if (!(await this.#isUnchanged())) await this.#read()
      this.#succeeded()
    } catch (error) {
      this.#stamp = undefined
      if (this.#stopped) return
      for (const { index } of this.#members) this.#results.failing(index, error)
      this.#failed(error)
    }
  }

  /** The server answers again: don't wait any longer. */
  wake(): void {
    if (this.#failures === 0 || this.#timer === undefined) return
    clearTimeout(this.#timer)
    void this.ask()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #isUnchanged(): Promise<boolean> {
    if (this.#stamp === undefined || !this.#hasStamps) return false
    try {
      const stamp = await this.#asked.stamp(this.#path, this.#version)
      if (stamp === undefined) this.#hasStamps = false
      return stamp === this.#stamp
    } catch (error) {
      // What is wrong with the metadata need not be wrong with the value.
      if (error instanceof SourceError) return false
      throw error
    }
  }

  async #read(): Promise<void> {
    const reading = await this.#asked.read(this.#path, this.#version)
    try {
      if (this.#stopped) return
      for (const { index, source } of this.#members) this.#give(reading, index, source.field)
      const stamp = reading.facts?.stamp
      // Of another version, the metadata may tell what it didn't of the last one.
      if (stamp !== this.#stamp) this.#hasStamps = true
      this.#stamp = stamp
    } finally {
      reading.wipe()
    }
  }

  #give(reading: Reading, index: number, field: string): void {
    try {
      this.#results.value(index, reading.field(field), reading.facts?.createdAt)
    } catch (error) {
      this.#results.failing(index, error)
    }
  }

  #succeeded(): void {
    const recovered = this.#failures > 0
    this.#failures = 0
    this.#planRefresh()
    if (recovered) this.#onRecovery()
  }

  /** What the server refuses it will refuse for longer; what is unavailable is asked again soon. */
  #failed(error: unknown): void {
    if (error instanceof SourceError) {
      this.#failures = 0
      this.#planRefresh()
      return
    }
    this.#failures++
    this.#plan(backoff(this.#failures, Math.min(LONGEST_BACKOFF, this.#refresh)))
  }

  /** A change shows within one `refresh`, so jitter only shortens it. */
  #planRefresh(): void {
    this.#plan(this.#refresh * (0.8 + Math.random() / 5))
  }

  #plan(milliseconds: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.ask(), Math.min(milliseconds, LONGEST_DELAY))
  }
}

/** setTimeout fires at once above 2^31 - 1 ms. */
const LONGEST_DELAY = 2 ** 31 - 1
