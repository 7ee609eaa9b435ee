import { UnavailableError } from '../base/errors.ts'
import { longestWait } from '../sources/waiting.ts'
import type { EntryValue, IndexedValue } from '../vfs/table.ts'
import { TemplateInputs } from './template-inputs.ts'
import { UnsealChild } from './unseal-child.ts'
import { encodeKnown, type Job } from './unseal-protocol.ts'

export interface UnsealOptions {
  /** KEYS_BYTES, see unseal-protocol.ts. */
  readonly keys: Uint8Array
  /** A child that was started ahead, while there was nothing to tell it yet. */
  readonly prepared?: UnsealChild | undefined
  /** Kills the child; what it hasn't opened by then is left out of the result. */
  readonly signal?: AbortSignal
  /** Given results as they come, by their indexes in the job, each once. */
  readonly onResults?: (results: readonly IndexedValue[]) => void
  /** Given, for each child, what makes it open the secret at an index of the job next. */
  readonly onChild?: (hurry: (index: number) => void) => void
  /** What earlier jobs under the same keys have found, for templates whose inputs are not in the job; is given those of this one. */
  readonly inputs?: TemplateInputs
}

/** Any part of the secrets of a configuration. */
export type Secrets = Pick<Job, 'identities' | 'vaults' | 'secrets'>

/** So many children in a row that end without one result, or one for each secret, are at fault themselves, not what they were to open. */
const MOST_USELESS = 5

/**
 * Open every secret of the job; the values are in its order. A secret that can't be opened has `failing`; so has one whose opening ends or hangs the
 * child, which may be the child's fault: it is `unavailable`. The others are opened by another child. Throws `UnavailableError` when no child can be started, or
 * none gives a result.
 */
export async function unseal(job: Secrets, options: UnsealOptions): Promise<(EntryValue | undefined)[]> {
  const values = new Array<EntryValue | undefined>(job.secrets.length).fill(undefined)
  const inputs = options.inputs ?? new TemplateInputs(job.secrets)
  const take = (results: readonly IndexedValue[]) => {
    for (const { index, value } of results) {
      values[index] = value
      const name = job.secrets[index]?.name
      if (name !== undefined) inputs.keep(name, value)
    }
    options.onResults?.(results)
  }
  let { prepared } = options
  let left = [...values.keys()]
  let oneByOne = false
  let useless = 0
  while (left.length > 0) {
    const child = prepared ?? new UnsealChild()
    prepared = undefined
    const problem = await runPart(child, { job, left, oneByOne, inputs, take }, options)
    if (problem === undefined || options.signal?.aborted) return values
    const missing = left.filter((index) => values[index] === undefined)
    useless = missing.length < left.length ? 0 : useless + 1
    left = missing
    // The first child batches its results and waits for several at once: only the next one can tell whose fault it is.
    const culprit = oneByOne ? left.shift() : undefined
    const inVain = useless === MOST_USELESS || useless > values.length
    if (child.notStarted || inVain) throw new UnavailableError(problem)
    if (culprit !== undefined) take([{ index: culprit, value: { failing: problem, unavailable: true } }])
    if (!oneByOne) left = inTurn(job, left)
    oneByOne = true
  }
  prepared?.kill()
  return values
}

interface Part {
  readonly job: Secrets
  /** Indexes of the secrets to open. */
  readonly left: readonly number[]
  readonly oneByOne: boolean
  readonly inputs: TemplateInputs
  readonly take: (results: readonly IndexedValue[]) => void
}

/** Have a child open what is left. Resolves to what went wrong. */
async function runPart(
  child: UnsealChild,
  { job, left, oneByOne, inputs, take }: Part,
  { keys, signal, onChild }: UnsealOptions,
): Promise<string | undefined> {
  const secrets = left.flatMap((index) => job.secrets[index] ?? [])
  const { known, stored } = encodeKnown(inputs.missingFrom(secrets))
  const { identities, vaults = [] } = job
  const part: Job = { identities, vaults, secrets, oneByOne, known }
  const kill = () => {
    child.kill()
  }
  signal?.addEventListener('abort', kill)
  try {
    const running = child.run(part, [keys, ...stored], (results) => {
      take(results.map(({ index, value }) => ({ index: left[index] ?? index, value })))
    })
    onChild?.((index) => {
      const at = left.indexOf(index)
      if (at >= 0) child.hurry(at)
    })
    return await running
  } finally {
    signal?.removeEventListener('abort', kill)
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
