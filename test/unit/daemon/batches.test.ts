import t from 'tap'
import { Batches } from '../../../src/daemon/batches.ts'

t.test('one batch after the other, each number once in it', async (t) => {
  const started: number[][] = []
  const ends: (() => void)[] = []
  const batches = new Batches((batch) => {
    started.push(batch)
    return new Promise((resolve) => ends.push(resolve))
  })
  const end = async () => {
    ends.shift()?.()
    await new Promise(setImmediate)
  }
  batches.add([])
  t.strictSame(started, [], 'none of nothing')
  batches.add([1, 2])
  batches.add([2, 3])
  batches.add([3])
  t.strictSame(started, [[1, 2]])
  await end()
  t.strictSame(started.slice(1), [[2, 3]], 'a number that is under way comes again')
  batches.add([4])
  batches.clear()
  await end()
  batches.add([5])
  t.strictSame(started.slice(2), [[5]])
  await end()
})
