import t from 'tap'
import { soon } from '../../../src/daemon/soon.ts'

t.test('many calls of a moment are one, and later ones another', async (t) => {
  // soon's timer keeps no process alive.
  const alive = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(alive))
  let count = 0
  let called: () => void = () => undefined
  const next = () => new Promise<void>((resolve) => (called = resolve))
  const call = soon(() => {
    count++
    called()
  }, 1)
  for (const expected of [1, 2]) {
    const done = next()
    for (let times = 0; times < 10; times++) call()
    await done
    t.equal(count, expected)
  }
})
