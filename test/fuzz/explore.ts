import type { Probe } from './instrument.ts'
import { mutate } from './mutate.ts'
import type { Random } from './random.ts'
import type { Target } from './target.ts'

export interface Exploration {
  readonly target: Target
  readonly probe: Probe
  readonly seeds: readonly Uint8Array[]
  readonly random: Random
  /** Asked before each run. */
  readonly goesOn: (runs: number) => boolean
  /** Told of each input before it runs: one that never returns is known then. */
  readonly onRun?: (input: Buffer) => void
  /** Keep what reaches code that nothing has reached before; true unless said otherwise. */
  readonly guided?: boolean
}

export interface Explored {
  readonly runs: number
  /** Inputs that reached something new. */
  readonly kept: number
  /** Branches, and how often they were taken in one run by orders of magnitude. */
  readonly features: number
  /** The first input that threw something else than the parser's own error. */
  readonly finding?: { readonly input: Buffer; readonly error: unknown }
}

/** Run the seeds, then mutations of all that ever reached something new. Ends at the first finding. */
export async function explore(exploration: Exploration): Promise<Explored> {
  const { target, probe, seeds, random, goesOn, onRun, guided = true } = exploration
  const corpus: Buffer[] = []
  const seen = new Seen(probe.counters)
  const waiting = seeds.length > 0 ? seeds.map((seed) => Buffer.from(seed)) : [Buffer.alloc(0)]
  let runs = 0
  for (; goesOn(runs); runs++) {
    const seed = waiting.shift()
    const input = seed ?? mutate(parent(corpus, random), { random, words: probe.words, corpus })
    onRun?.(input)
    probe.counters.fill(0)
    const error = await failure(target, input)
    if (error !== undefined) return { ...summary(), finding: { input, error: error.thrown } }
    if (seen.takeNew() && guided) corpus.push(input)
    else if (seed !== undefined) corpus.push(input)
  }
  return summary()

  function summary() {
    return { runs, kept: corpus.length, features: seen.features }
  }
}

/** Of those that were found last more often, and of the short, which are quicker. */
function parent(corpus: readonly Buffer[], random: Random): Buffer {
  const recent = random.once(2) ? Math.max(0, corpus.length - 16) : 0
  const any = () => corpus[recent + random.below(Math.max(1, corpus.length - recent))] ?? Buffer.alloc(0)
  const [one, other] = [any(), any()]
  return other.length < one.length ? other : one
}

async function failure(target: Target, input: Buffer): Promise<{ thrown: unknown } | undefined> {
  try {
    // A copy: a parser may wipe what it was given.
    await target.run(Buffer.from(input))
    return undefined
  } catch (thrown) {
    return target.expects(thrown) ? undefined : { thrown }
  }
}

/** What the counters have shown so far: for each, a bit for 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127 and more, as AFL has them. */
class Seen {
  features = 0
  readonly #counters: Uint8Array
  readonly #words: Uint32Array
  readonly #bits: Uint8Array

  constructor(counters: Uint8Array) {
    this.#counters = counters
    this.#words = new Uint32Array(counters.buffer, counters.byteOffset, counters.length >> 2)
    this.#bits = new Uint8Array(counters.length)
  }

  takeNew(): boolean {
    const before = this.features
    for (let word = 0; word < this.#words.length; word++)
      if (this.#words[word] !== 0) for (let at = word * 4; at < word * 4 + 4; at++) this.#take(at)
    return this.features > before
  }

  #take(at: number): void {
    const bit = BITS[this.#counters[at] ?? 0] ?? 0
    const bits = this.#bits[at] ?? 0
    if ((bits | bit) === bits) return
    this.#bits[at] = bits | bit
    this.features += 1
  }
}

const LIMITS = [1, 2, 3, 4, 8, 16, 32, 128]
const BITS = Uint8Array.from({ length: 256 }, (_, count) =>
  count === 0 ? 0 : 1 << LIMITS.findLastIndex((limit) => count >= limit),
)
