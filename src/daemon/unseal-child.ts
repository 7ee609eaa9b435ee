import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { distFile } from '../base/dist.ts'
import { ProtocolError, reasonOf } from '../base/errors.ts'
import { IndexSet } from '../base/index-set.ts'
import { longestWait } from '../sources/waiting.ts'
import type { IndexedValue } from '../vfs/table.ts'
import { encodeIndexes } from './job-input.ts'
import { encodeJob } from './packed-job.ts'
import { BatchReader, type Job } from './unseal-protocol.ts'

/** A child without any result for this long, besides what its sources may wait, is taken for stuck. Milliseconds. */
const STUCK_AFTER = 30_000

/** Milliseconds from SIGTERM to SIGKILL. */
const TO_END_COMMANDS = 1000

/** One process; it can be started before the job is known, so that its start overlaps with other work. */
export class UnsealChild {
  readonly #process: ChildProcess
  readonly #exit: Promise<string>
  #stuck: NodeJS.Timeout | undefined
  #killing: NodeJS.Timeout | undefined
  #notStarted = false
  #runsCommands = false
  #inOrder = true
  #sent: () => void = () => undefined
  /** Indexes of the job without a result, and of those the ones that aren't waited for any more. */
  #missing = new IndexSet(0)
  #left = new IndexSet(0)

  /** Resolves when the child has all of its job, or never will. */
  readonly sent = new Promise<void>((resolve) => (this.#sent = resolve))

  constructor() {
    this.#process = spawn(process.execPath, [distFile('unseal.js')], {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      env: environment(),
    })
    this.#exit = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#notStarted = this.#process.pid === undefined
        resolve(`the unseal child can't be started: ${reasonOf(error)}`)
      })
      this.#process.once('close', (code, signal) =>
        resolve(signal === null ? `exited with status ${code ?? 'unknown'}` : `ended by ${signal}`),
      )
    })
  }

  /** There is no such process: what it was to open is not at fault. */
  get notStarted(): boolean {
    return this.#notStarted
  }

  /** Where it runs commands, it has a moment to end them. */
  kill(): void {
    this.#process.kill(this.#runsCommands ? 'SIGTERM' : 'SIGKILL')
    this.#killing ??= setTimeout(() => this.#process.kill('SIGKILL'), TO_END_COMMANDS).unref()
  }

  /** A reader waits for the secret at `index` of the job. */
  hurry(index: number): void {
    if (!this.#inOrder) this.#process.stdin?.write(encodeIndexes([index], 'wanted'))
  }

  /** Others have opened the secrets at these indexes of the job: it needn't. */
  leave(indexes: readonly number[]): void {
    const news = indexes.filter((index) => this.#missing.delete(index))
    for (const index of news) this.#left.add(index)
    if (!this.#inOrder && news.length > 0) this.#process.stdin?.write(encodeIndexes(news, 'opened'))
  }

  /** `data` is what goes over KEYS_FD. Resolves to undefined when every result has come that isn't left to others, each once, else to what went wrong. */
  async run(
    job: Job,
    data: readonly Uint8Array[],
    onResults: (results: readonly IndexedValue[]) => void,
  ): Promise<string | undefined> {
    const reader = new BatchReader()
    // First of all: nothing else holds up the first value.
    this.#send(job, data)
    this.#missing = IndexSet.all(job.secrets.length)
    this.#left = new IndexSet(job.secrets.length)
    let problem: string | undefined
    const waits = waitsOf(job)
    this.#runsCommands = waits.length > 0
    const watch = () => {
      const patience = STUCK_AFTER + longest(waits, this.#missing)
      this.#restartTimer(patience, (seconds) => (problem ??= `gave no answer for ${seconds} s`))
    }
    const take = (piece: Uint8Array) => {
      try {
        const results = reader.push(piece)
        for (const { index } of results)
          if (!this.#missing.delete(index) && !this.#left.delete(index))
            throw new ProtocolError('the unseal child wrote a result that nobody asked for')
        onResults(results)
      } catch (error) {
        problem ??= reasonOf(error)
        this.kill()
      }
      watch()
    }
    watch()
    ;(this.#process.stdout as Readable).on('data', take)
    const ending = await this.#exit
    clearTimeout(this.#stuck)
    clearTimeout(this.#killing)
    if (reader.ended && this.#missing.size === 0 && problem === undefined) return undefined
    return `opening it ended the unseal child: ${problem ?? ending}`
  }

  #send(job: Job, data: readonly Uint8Array[]): void {
    const { stdin, stdio } = this.#process
    const keysPipe = stdio[3] as Writable
    // A child that is gone already shows in its exit.
    for (const pipe of [stdin, keysPipe]) pipe?.on('error', () => undefined)
    for (const piece of data) keysPipe.write(piece)
    keysPipe.end()
    stdin?.write(encodeJob(job), this.#sent)
    this.#inOrder = job.oneByOne
  }

  #restartTimer(milliseconds: number, onStuck: (seconds: number) => void): void {
    clearTimeout(this.#stuck)
    this.#stuck = setTimeout(() => {
      onStuck(milliseconds / 1000)
      this.kill()
    }, milliseconds)
  }
}

/** What the child knows of the world: where the log goes, and what systemd has loaded for the service. */
function environment(): NodeJS.ProcessEnv {
  const { JOURNAL_STREAM, CREDENTIALS_DIRECTORY } = process.env
  const all = Object.entries({ JOURNAL_STREAM, CREDENTIALS_DIRECTORY })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined))
}

/** Indexes of sources that wait, with their own timeouts, which they keep themselves. */
function waitsOf({ secrets }: Job): [index: number, milliseconds: number][] {
  const waits: [number, number][] = []
  secrets.forEach(({ source }, index) => {
    const wait = longestWait(source)
    if (wait !== undefined) waits.push([index, wait])
  })
  return waits
}

function longest(waits: readonly [number, number][], missing: IndexSet): number {
  return waits.reduce((most, [index, wait]) => (missing.has(index) ? Math.max(most, wait) : most), 0)
}
