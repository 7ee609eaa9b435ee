import { setImmediate } from 'node:timers/promises'

/** So many sources that wait are open at the same time: more commands at once would only wait for each other. */
const AT_ONCE = 8
/** Milliseconds of opening after which what has come for the sources that wait is taken up. */
const TURN = 20

export interface Lanes {
  /** Indexes to open one after the other, in this order. */
  readonly quick: readonly number[]
  /** Indexes of sources that wait for something: opened beside the others. */
  readonly waiting: readonly number[]
  /** Indexes of what waits for others of these lanes alone. */
  readonly dependent: readonly number[]
}

export interface Opening extends Lanes {
  /** Resolves in any case. */
  readonly open: (index: number) => Promise<void>
  /** Every quick one is open. */
  readonly onQuickDone: () => void
}

/** Open all of them; no source that waits holds up another. */
export async function openAll({ quick, waiting, dependent, open, onQuickDone }: Opening): Promise<void> {
  const rest = waiting.values()
  const lane = async () => {
    for (const index of rest) await open(index)
  }
  const lanes = Array.from({ length: Math.min(AT_ONCE, waiting.length) }, lane)
  const after = dependent.map(open)
  let turnEnds = performance.now() + TURN
  for (const index of quick) {
    await open(index)
    if (waiting.length === 0 || performance.now() < turnEnds) continue
    await setImmediate()
    turnEnds = performance.now() + TURN
  }
  onQuickDone()
  await Promise.all([...lanes, ...after])
}
