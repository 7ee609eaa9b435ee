import t from 'tap'
import { Polling } from '../../../src/fuse/polling.ts'

const BOUND = 200
const OPEN = 14
const RELEASE = 18

/** A server that answers, and whose next request comes `gap` after that; it has `bound` to poll. Returns whether it polled. */
function clients(polling: Polling, bound = BOUND) {
  let now = 1_000_000
  return (opcode: number, gap: number, isPreempted = false): boolean => {
    now += 10
    const allowed = polling.start(opcode, now)
    if (allowed === 0) {
      now += gap
      polling.slept(now)
      return false
    }
    const inTime = gap <= bound && !isPreempted
    const polled = Math.min(gap, bound)
    now += polled
    polling.end(isPreempted ? 'preempted' : inTime ? 'request' : 'nothing', now)
    if (inTime || isPreempted) return true
    now += gap - polled
    polling.slept(now)
    return true
  }
}

function times(count: number, one: () => boolean): number {
  return Array.from({ length: count }, one).filter(Boolean).length
}

t.test('requests that come soon are polled for, each one', (t) => {
  const polling = new Polling(BOUND)
  const next = clients(polling)
  t.equal(
    times(1000, () => next(OPEN, 20)),
    1000,
  )
  t.equal(polling.spent, 20 * 1000)
  t.end()
})

t.test('polling that is off never polls', (t) => {
  const polling = new Polling(0)
  const next = clients(polling, 0)
  t.equal(
    times(100, () => next(OPEN, 1)),
    0,
  )
  t.equal(polling.spent, 0)
  t.end()
})

t.test('where the next request comes later than the bound, polling ends soon and costs nothing more', (t) => {
  const polling = new Polling(BOUND)
  const next = clients(polling)
  const polled = times(1000, () => next(OPEN, 5000))
  t.ok(polled > 0 && polled < 10, `polled ${polled} times`)
  const { spent } = polling
  t.equal(
    times(1000, () => next(OPEN, 5000)),
    0,
  )
  t.equal(polling.spent, spent)
  t.equal(times(60, () => next(OPEN, 20)) > 30, true, 'and starts again when they come sooner')
  t.end()
})

t.test('a pause after one kind of request does not count for another', (t) => {
  const polling = new Polling(BOUND)
  const next = clients(polling)
  const polled = { open: 0, release: 0 }
  for (let index = 0; index < 500; index++) {
    if (next(OPEN, 20)) polled.open++
    if (next(RELEASE, 100_000)) polled.release++
  }
  t.ok(polled.open > 400, `after OPEN: ${polled.open} of 500`)
  t.ok(polled.release < 10, `after RELEASE: ${polled.release} of 500`)
  t.end()
})

t.test('one pause in a row of requests stops little', (t) => {
  const next = clients(new Polling(BOUND))
  times(100, () => next(OPEN, 20))
  next(OPEN, 1_000_000)
  t.ok(times(100, () => next(OPEN, 20)) > 85)
  t.end()
})

t.test('a processor that others want is left to them', (t) => {
  const next = clients(new Polling(BOUND))
  const polled = times(10_000, () => next(OPEN, 20, true))
  t.ok(polled > 0 && polled < 20, `polled ${polled} times of 10,000`)
  t.ok(times(3000, () => next(OPEN, 20)) > 1500, 'until they no longer want it')
  t.end()
})

t.test('clients that come only when the server sleeps', (t) => {
  const polling = new Polling(BOUND)
  let now = 0
  let polled = 0
  for (let index = 0; index < 10_000; index++) {
    const allowed = polling.start(OPEN, now)
    if (allowed > 0) {
      polled++
      now += allowed
      polling.end('nothing', now)
    }
    now += 5
    polling.slept(now)
  }
  t.ok(polled < 60, `polled ${polled} times of 10,000`)
  t.end()
})
