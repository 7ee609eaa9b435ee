import t from 'tap'
import { Schedule, spread } from '../../../src/daemon/schedule.ts'

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

t.test('what is asked again and again is spread', (t) => {
  t.strictSame(
    [0, 1].map((random) => spread(1000, random)),
    [800, 1200],
  )
  t.end()
})
