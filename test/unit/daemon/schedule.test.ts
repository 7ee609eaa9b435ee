import t from 'tap'
import { backoff, Schedule, spread } from '../../../src/daemon/schedule.ts'

t.test('what is due is taken once, what is not stays', (t) => {
  const schedule = new Schedule()
  t.equal(schedule.next, undefined)
  schedule.set('a', 30)
  schedule.set('b', 10)
  schedule.set('c', 20)
  t.equal(schedule.next, 10)
  t.strictSame(schedule.takeDue(9), [])
  t.strictSame(schedule.takeDue(20).sort(), ['b', 'c'])
  t.strictSame(schedule.takeDue(20), [])
  t.equal(schedule.next, 30)
  schedule.set('a', 40)
  t.equal(schedule.next, 40)
  schedule.keep(new Set(['other']))
  t.equal(schedule.next, undefined)
  t.end()
})

t.test('each failure doubles the wait, up to a minute, and no two wait the same', (t) => {
  t.strictSame(
    [1, 2, 3, 6, 7, 100].map((attempt) => backoff(attempt, 0.5)),
    [1000, 2000, 4000, 32_000, 60_000, 60_000],
  )
  t.strictSame(
    [0, 1].map((random) => spread(1000, random)),
    [800, 1200],
  )
  t.end()
})
