import t from 'tap'
import { backoff } from '../../../src/base/backoff.ts'

t.test('each failure doubles the wait, up to the most, and no two wait the same', (t) => {
  const waits = (random: number) => [1, 2, 3, 6, 7, 2000].map((failures) => backoff(failures, 60_000, random))
  t.strictSame(waits(1), [1000, 2000, 4000, 32_000, 60_000, 60_000])
  t.strictSame(waits(0), [500, 1000, 2000, 16_000, 30_000, 30_000])
  const [one, other] = [backoff(1, 60_000), backoff(1, 60_000)]
  t.not(one, other)
  t.end()
})
