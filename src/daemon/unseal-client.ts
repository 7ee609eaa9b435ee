import { availableParallelism } from 'node:os'
import { UnavailableError } from '../base/errors.ts'
import { pick } from '../base/pick.ts'
import { longestWait } from '../sources/waiting.ts'
import type { EntryValue, IndexedValue } from '../vfs/table.ts'
import { helperOrders } from './helpers.ts'
import { TemplateInputs } from './template-inputs.ts'
import { UnsealChild } from './unseal-child.ts'
import { encodeKnown, type Job } from './unseal-protocol.ts'

export interface UnsealOptions {
  /** KEYS_BYTES, see unseal-protocol.ts. */
  readonly keys: Uint8Array
  /** A child that was started ahead, while there was nothing to tell it yet. */
  readonly prepared?: UnsealChild | undefined
  /** Kills the children; what they haven't opened by then is left out of the result. */
  readonly signal?: AbortSignal
  /** Given results as they come, by their indexes in the job, each once. */
  readonly onResults?: (results: readonly IndexedValue[]) => void
  /** Given, for each child, what makes it, and others that are at the job, open the secret at an index of the job next; `sent` resolves when it has its part of the job. */
  readonly onChild?: (hurry: (index: number) => void, sent: Promise<void>) => void
  /** What earlier jobs under the same keys have found, for templates whose inputs are not in the job; is given those of this one. */
  readonly inputs?: TemplateInputs
  /** How many may be used; those of this process when left out. */
  readonly processors?: number
}

/** Any part of the secrets of a configuration. */
export type Secrets = Pick<Job, 'identities' | 'vaults' | 'secrets'>

/** So many secrets one child opens before others help it: what readers wait for at a start mustn't share the processors with their start. */
const ALONE = 8000

/** So many children in a row that end without one result, or one for each secret, are at fault themselves, not what they were to open. */
const MOST_USELESS = 5

/**
 * Open every secret of the job; the values are in its order. A secret that can't be opened has `failing`; so has one whose opening ends or hangs the
 * child, which may be the child's fault: it is `unavailable`. The others are opened by another child. With many, further children help the first one. Throws `UnavailableError` when no child can be started, or none gives a result.
 */
export async function unseal(job: Secrets, options: UnsealOptions): Promise<(EntryValue | undefined)[]> {
  const unsealing = new Unsealing(job, options)
  try {
    await unsealing.open()
  } finally {
    await unsealing.end()
  }
  return unsealing.values
}

/** A child and the indexes in the job of what it was given. */
class Task {
  readonly child: UnsealChild
  readonly indexes: readonly number[]
  #places: Map<number, number> | undefined

  constructor(child: UnsealChild, indexes: readonly number[]) {
    this.child = child
    this.indexes = indexes
  }

  hurry(index: number): void {
    const place = this.#placeOf(index)
    if (place !== undefined) this.child.hurry(place)
  }

  leave(indexes: readonly number[]): void {
    this.child.leave(indexes.flatMap((index) => this.#placeOf(index) ?? []))
  }

  #placeOf(index: number): number | undefined {
    // A job of everything, in order.
    if (this.indexes[index] === index) return index
    this.#places ??= new Map(this.indexes.map((one, place) => [one, place]))
    return this.#places.get(index)
  }
}

/** One job, and the children that are at it. */
class Unsealing {
  readonly values: (EntryValue | undefined)[]
  readonly #job: Secrets
  readonly #options: UnsealOptions
  readonly #inputs: TemplateInputs
  readonly #tasks = new Set<Task>()
  #helpers: Promise<unknown>[] | undefined
  #open = 0

  constructor(job: Secrets, options: UnsealOptions) {
    this.values = new Array<EntryValue | undefined>(job.secrets.length).fill(undefined)
    this.#job = job
    this.#options = options
    this.#inputs = options.inputs ?? new TemplateInputs(job.secrets)
  }

  /** Open all, by one child after the other. Throws `UnavailableError`. */
  async open(): Promise<void> {
    const { prepared, signal } = this.#options
    let left = [...this.values.keys()]
    let child = prepared
    let oneByOne = false
    let useless = 0
    while (left.length > 0) {
      child ??= new UnsealChild()
      const problem = await this.#run(child, left, oneByOne)
      if (problem === undefined || signal?.aborted) return
      const missing = left.filter((index) => this.values[index] === undefined)
      useless = missing.length < left.length ? 0 : useless + 1
      left = missing
      // The first child batches its results and waits for several at once: only the next one can tell whose fault it is.
      const culprit = oneByOne ? left.shift() : undefined
      const inVain = useless === MOST_USELESS || useless > this.values.length
      if (child.notStarted || inVain) throw new UnavailableError(problem)
      if (culprit !== undefined)
        this.#take([{ index: culprit, value: { failing: problem, unavailable: true } }])
      if (!oneByOne) left = inTurn(this.#job, left)
      oneByOne = true
      child = undefined
    }
    child?.kill()
  }

  /** Nobody goes on. */
  async end(): Promise<void> {
    for (const { child } of this.#tasks) child.kill()
    await Promise.all(this.#helpers ?? [])
  }

  #take(results: readonly IndexedValue[], from?: Task): void {
    const news = results.filter(({ index }) => this.values[index] === undefined)
    // Another child has given all of them.
    if (news.length === 0) return
    for (const { index, value } of news) {
      this.values[index] = value
      const name = this.#job.secrets[index]?.name
      if (name !== undefined) this.#inputs.keep(name, value)
    }
    this.#options.onResults?.(news)
    const indexes = news.map(({ index }) => index)
    for (const task of this.#tasks) if (task !== from) task.leave(indexes)
    this.#open += news.length
    if (this.#open >= ALONE) this.#helpers ??= this.#help()
  }

  /** What becomes of them is no matter: the first child goes through everything. */
  #help(): Promise<unknown>[] {
    const { processors = availableParallelism() } = this.#options
    const isOpen = (index: number) => this.values[index] !== undefined
    const orders = helperOrders(this.#job.secrets, isOpen, processors)
    return orders.map((indexes) => this.#run(new UnsealChild(), indexes, false))
  }

  /** Have a child open what is left. Resolves to what went wrong. */
  async #run(child: UnsealChild, left: readonly number[], oneByOne: boolean): Promise<string | undefined> {
    const { keys, signal, onChild } = this.#options
    const secrets = pick(this.#job.secrets, left)
    const { known, stored } = encodeKnown(this.#inputs.missingFrom(secrets))
    const { identities, vaults = [] } = this.#job
    const part: Job = { identities, vaults, secrets, oneByOne, known }
    const kill = () => {
      child.kill()
    }
    signal?.addEventListener('abort', kill)
    const task = new Task(child, left)
    this.#tasks.add(task)
    try {
      const running = child.run(part, [keys, ...stored], (results) => {
        this.#take(
          results.map(({ index, value }) => ({ index: left[index] ?? index, value })),
          task,
        )
      })
      onChild?.((index) => {
        for (const one of this.#tasks) one.hurry(index)
      }, child.sent)
      return await running
    } finally {
      this.#tasks.delete(task)
      signal?.removeEventListener('abort', kill)
    }
  }
}

/** An order for one after the other: what waits would hold up the others, and a template needs its inputs. */
function inTurn({ secrets }: Secrets, indexes: readonly number[]): number[] {
  const rank = (index: number) => {
    const source = secrets[index]?.source
    if (source === undefined || source.kind === 'template') return 2
    return longestWait(source) === undefined ? 0 : 1
  }
  return [0, 1, 2].flatMap((wanted) => indexes.filter((index) => rank(index) === wanted))
}
