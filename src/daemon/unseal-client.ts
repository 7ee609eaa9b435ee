import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { distFile } from '../base/dist.ts'
import { ProtocolError, reasonOf } from '../base/errors.ts'
import type { EntryValue } from '../vfs/table.ts'
import { BatchReader, type Job } from './unseal-protocol.ts'

/** A child without any result for this long is taken for stuck, in milliseconds. */
const STUCK_AFTER = 30_000

export interface UnsealOptions {
  /** KEYS_BYTES, see unseal-protocol.ts. */
  readonly keys: Uint8Array
  /** A child that was started ahead, while there was nothing to tell it yet. */
  readonly prepared?: UnsealChild | undefined
  /** Kills the child; what it hasn't opened by then is left out of the result. */
  readonly signal?: AbortSignal
  /** Given results as they come: those of the secret at `first` and after it. */
  readonly onResults?: (first: number, values: readonly EntryValue[]) => void
}

/**
 * Open every secret of the job, in its order. A secret that can't be opened has `failing`; so has one whose opening ends or hangs the child: the others
 * are opened by another child.
 */
export async function unseal(job: Omit<Job, 'oneByOne'>, options: UnsealOptions): Promise<EntryValue[]> {
  const values: EntryValue[] = []
  const { keys, onResults, signal } = options
  let { prepared } = options
  let oneByOne = false
  while (values.length < job.secrets.length) {
    const child = prepared ?? new UnsealChild()
    prepared = undefined
    const kill = () => {
      child.kill()
    }
    signal?.addEventListener('abort', kill)
    const rest = { ...job, oneByOne, secrets: job.secrets.slice(values.length) }
    const problem = await child.run(rest, keys, (results) => {
      onResults?.(values.length, results)
      values.push(...results)
    })
    signal?.removeEventListener('abort', kill)
    if (problem === undefined || signal?.aborted) return values
    // The first child batches its results: only the next one, which doesn't, can tell whose fault it is.
    if (oneByOne) {
      onResults?.(values.length, [{ failing: problem }])
      values.push({ failing: problem })
    }
    oneByOne = true
  }
  prepared?.kill()
  return values
}

/** One process; it can be started before the job is known, so that its start overlaps with other work. */
export class UnsealChild {
  readonly #process: ChildProcess
  readonly #exit: Promise<string>
  #stuck: NodeJS.Timeout | undefined

  constructor() {
    this.#process = spawn(process.execPath, [distFile('unseal.js')], {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      env: {},
    })
    this.#exit = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(`the unseal child can't be started: ${reasonOf(error)}`))
      this.#process.once('close', (code, signal) =>
        resolve(signal === null ? `exited with status ${code ?? 'unknown'}` : `ended by ${signal}`),
      )
    })
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** Resolves to undefined when every result has come, else to what went wrong. */
  async run(
    job: Job,
    keys: Uint8Array,
    onResults: (values: EntryValue[]) => void,
  ): Promise<string | undefined> {
    const reader = new BatchReader()
    let received = 0
    let problem: string | undefined
    const take = (piece: Uint8Array) => {
      this.#restartTimer(() => (problem ??= `gave no answer for ${STUCK_AFTER / 1000} s`))
      try {
        const values = reader.push(piece)
        received += values.length
        if (received > job.secrets.length) throw new ProtocolError('the unseal child wrote too many results')
        onResults(values)
      } catch (error) {
        problem ??= reasonOf(error)
        this.kill()
      }
    }
    this.#restartTimer(() => (problem ??= `gave no answer for ${STUCK_AFTER / 1000} s`))
    this.#send(job, keys)
    ;(this.#process.stdout as Readable).on('data', take)
    const ending = await this.#exit
    clearTimeout(this.#stuck)
    if (reader.ended && received === job.secrets.length && problem === undefined) return undefined
    return `opening it ended the unseal child: ${problem ?? ending}`
  }

  #send(job: Job, keys: Uint8Array): void {
    const { stdin, stdio } = this.#process
    const keysPipe = stdio[3] as Writable
    // A child that is gone already shows in its exit.
    for (const pipe of [stdin, keysPipe]) pipe?.on('error', () => undefined)
    keysPipe.end(keys)
    stdin?.end(JSON.stringify(job))
  }

  #restartTimer(onStuck: () => void): void {
    clearTimeout(this.#stuck)
    this.#stuck = setTimeout(() => {
      onStuck()
      this.kill()
    }, STUCK_AFTER)
  }
}
