import { UnavailableError } from '../base/errors.ts'
import type { EntryValue, IndexedValue } from '../vfs/table.ts'
import { longestWait } from '../sources/waiting.ts'
import { UnsealChild } from './unseal-child.ts'
import type { Job } from './unseal-protocol.ts'

export interface UnsealOptions {
  /** KEYS_BYTES, see unseal-protocol.ts. */
  readonly keys: Uint8Array
  /** A child that was started ahead, while there was nothing to tell it yet. */
  readonly prepared?: UnsealChild | undefined
  /** Kills the child; what it hasn't opened by then is left out of the result. */
  readonly signal?: AbortSignal
  /** Given results as they come, by their indexes in the job, each once. */
  readonly onResults?: (results: readonly IndexedValue[]) => void
}

/**
 * Open every secret of the job; the values are in its order. A secret that can't be opened has `failing`; so has one whose opening ends or hangs the
 * child: the others are opened by another child. Throws `UnavailableError` when no child can be started.
 */
export async function unseal(
  job: Omit<Job, 'oneByOne'>,
  options: UnsealOptions,
): Promise<(EntryValue | undefined)[]> {
  const values = new Array<EntryValue | undefined>(job.secrets.length).fill(undefined)
  const take = (results: readonly IndexedValue[]) => {
    for (const { index, value } of results) values[index] = value
    options.onResults?.(results)
  }
  let { prepared } = options
  let left = [...values.keys()]
  let oneByOne = false
  while (left.length > 0) {
    const child = prepared ?? new UnsealChild()
    prepared = undefined
    const part = { ...job, oneByOne, secrets: left.flatMap((index) => job.secrets[index] ?? []) }
    const problem = await runPart(child, part, left, options, take)
    if (problem === undefined || options.signal?.aborted) return values
    if (child.notStarted) throw new UnavailableError(problem)
    left = left.filter((index) => values[index] === undefined)
    // The first child batches its results and waits for several at once: only the next one can tell whose fault it is.
    const culprit = oneByOne ? left.shift() : undefined
    if (culprit !== undefined) take([{ index: culprit, value: { failing: problem } }])
    // What waits comes last: one after the other, it would hold up the others.
    if (!oneByOne) left = [...left.filter((at) => !waits(job, at)), ...left.filter((at) => waits(job, at))]
    oneByOne = true
  }
  prepared?.kill()
  return values
}

/** Have a child open the secrets at `indexes`, which make up `part`. Resolves to what went wrong. */
async function runPart(
  child: UnsealChild,
  part: Job,
  indexes: readonly number[],
  { keys, signal }: UnsealOptions,
  take: (results: readonly IndexedValue[]) => void,
): Promise<string | undefined> {
  const kill = () => {
    child.kill()
  }
  signal?.addEventListener('abort', kill)
  try {
    return await child.run(part, keys, (results) => {
      take(results.map(({ index, value }) => ({ index: indexes[index] ?? index, value })))
    })
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}

function waits(job: Omit<Job, 'oneByOne'>, index: number): boolean {
  const secret = job.secrets[index]
  return secret !== undefined && longestWait(secret.source) !== undefined
}
