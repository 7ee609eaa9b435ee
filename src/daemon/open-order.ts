import { setImmediate } from 'node:timers/promises'
import { IndexSet } from '../base/index-set.ts'

/** So many sources that wait are open at the same time: more commands at once would only wait for each other. */
const AT_ONCE = 8
/** Milliseconds of opening after which what has come meanwhile is taken up: for the sources that wait, and what readers wait for. */
const TURN = 5

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
  /** Indexes that readers have begun to wait for, and those of what others have opened, since this was asked. */
  readonly takeNews: () => { readonly wanted: readonly number[]; readonly opened: readonly number[] }
  /** Some of those are open. */
  readonly onWantedDone: () => void
}

/** Open all of them; no source that waits holds up another, what a reader waits for comes before the others, and what others have opened is left out. */
export async function openAll(opening: Opening): Promise<void> {
  const { quick, waiting, dependent, open, onQuickDone } = opening
  const rest = waiting.values()
  const lane = async () => {
    for (const index of rest) await open(index)
  }
  const lanes = Array.from({ length: Math.min(AT_ONCE, waiting.length) }, lane)
  const after = dependent.map(open)
  let turnEnds = performance.now() + TURN
  const left = new IndexSet(quick.reduce((most, index) => Math.max(most, index), -1) + 1, quick)
  for (const index of quick) {
    if (!left.delete(index)) continue
    await open(index)
    if (performance.now() < turnEnds) continue
    await setImmediate()
    await heed(left, opening)
    turnEnds = performance.now() + TURN
  }
  onQuickDone()
  await Promise.all([...lanes, ...after])
}

async function heed(left: IndexSet, { open, takeNews, onWantedDone }: Opening): Promise<void> {
  const news = takeNews()
  for (const index of news.opened) left.delete(index)
  const wanted = news.wanted.filter((index) => left.delete(index))
  for (const index of wanted) await open(index)
  if (wanted.length > 0) onWantedDone()
}
