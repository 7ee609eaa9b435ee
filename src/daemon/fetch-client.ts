import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { backoff } from '../base/backoff.ts'
import { distFile } from '../base/dist.ts'
import { ProtocolError, reasonOf } from '../base/errors.ts'
import type { IndexedValue } from '../vfs/table.ts'
import type { FetchJob } from './fetch-protocol.ts'
import { BatchReader } from './unseal-protocol.ts'

const LONGEST_BACKOFF = 60_000
/** Longer than the child takes to sign out, shorter than a server may take that stops (heartbeat.ts). Milliseconds. */
const GOODBYE_WITHIN = 3_000

export interface FetchOptions {
  readonly job: FetchJob
  /** KEYS_BYTES, see unseal-protocol.ts. Read again when a child is started anew: they stay until `stop`. */
  readonly keys: Uint8Array
  /** Given results as they come, by the indexes of the job: a value that is new, or why there is none now. */
  readonly onResults: (results: readonly IndexedValue[]) => void
  /** A child ended that should not have: why, in one line. */
  readonly onProblem?: (reason: string) => void
}

/**
 * Keeps a fetch child running from its making until `stop`. A child that ends by itself is replaced after a pause; until the next one gives a value, every
 * secret of the job is unavailable, so what the server has of it grows stale.
 */
export class FetchClient {
  readonly #options: FetchOptions
  readonly #indexes: ReadonlySet<number>
  #child: ChildProcess | undefined
  #restart: NodeJS.Timeout | undefined
  #failures = 0
  #stopped = false

  constructor(options: FetchOptions) {
    this.#options = options
    this.#indexes = new Set(options.job.secrets.map(({ index }) => index))
    this.#start()
  }

  /** Of the child that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** No result comes after the call. Resolves when the child has signed out and is gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#restart)
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const kill = setTimeout(() => child.kill('SIGKILL'), GOODBYE_WITHIN)
    const gone = once(child, 'close')
    child.stdin?.end()
    await gone.catch(() => undefined)
    clearTimeout(kill)
  }

  #start(): void {
    const child = spawn(process.execPath, [distFile('fetch.js')], {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      env: {},
    })
    this.#child = child
    const reader = new BatchReader()
    let problem: string | undefined
    ;(child.stdout as Readable).on('data', (piece: Uint8Array) => {
      try {
        this.#take(reader.push(piece))
      } catch (error) {
        problem ??= reasonOf(error)
        child.kill('SIGKILL')
      }
    })
    child.once('error', (error) => {
      problem ??= reasonOf(error)
      // No `close` comes for a process that didn't start.
      if (child.pid === undefined) this.#ended(child, problem)
    })
    child.once('close', (code, signal) => {
      this.#ended(child, problem ?? (signal === null ? `status ${code ?? 'unknown'}` : signal))
    })
    this.#send(child)
  }

  #take(results: readonly IndexedValue[]): void {
    if (results.some(({ index }) => !this.#indexes.has(index)))
      throw new ProtocolError('the fetch child wrote a result that nobody asked for')
    if (this.#stopped || results.length === 0) return
    this.#failures = 0
    this.#options.onResults(results)
  }

  #send({ stdin, stdio }: ChildProcess): void {
    const keysPipe = stdio[3] as Writable
    // A child that is gone already shows in its end.
    for (const pipe of [stdin, keysPipe]) pipe?.on('error', () => undefined)
    keysPipe.end(this.#options.keys)
    stdin?.write(`${JSON.stringify(this.#options.job)}\n`)
  }

  #ended(child: ChildProcess, reason: string): void {
    if (this.#stopped || this.#child !== child) return
    this.#child = undefined
    const words = `the fetch child ended: ${reason}`
    this.#options.onProblem?.(words)
    const value = { failing: words, unavailable: true } as const
    this.#options.onResults([...this.#indexes].map((index) => ({ index, value })))
    this.#failures++
    this.#restart = setTimeout(() => this.#start(), backoff(this.#failures, LONGEST_BACKOFF))
  }
}
