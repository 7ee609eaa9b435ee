import fc from 'fast-check'
import t from 'tap'
import { IndexSet } from '../../../src/base/index-set.ts'

const LIMIT = 40

t.test('it does what a Set does', (t) => {
  const index = fc.nat(LIMIT - 1)
  const steps = fc.array(fc.tuple(fc.constantFrom('add' as const, 'delete' as const), index))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(index), steps, (initial, all) => {
        const [set, model] = [new IndexSet(LIMIT, initial), new Set(initial)]
        for (const [step, one] of all) {
          const was = model.has(one)
          if (step === 'delete' && set.delete(one) !== was) return false
          if (step === 'add') set.add(one)
          model[step](one)
        }
        const inOrder = [...model].sort((a, b) => a - b)
        return set.size === model.size && JSON.stringify([...set]) === JSON.stringify(inOrder)
      }),
    ),
  )
  t.end()
})

t.test('all of them, and what is out of range', (t) => {
  const set = IndexSet.all(3)
  t.strictSame([set.size, ...set], [3, 0, 1, 2])
  for (const index of [-1, 3, 1.5, NaN]) {
    set.add(index)
    t.notOk(set.has(index))
    t.notOk(set.delete(index))
  }
  t.strictSame([set.size, ...set], [3, 0, 1, 2])
  t.end()
})

t.test('what is deleted while it is gone through comes no more', (t) => {
  const set = IndexSet.all(5)
  const came: number[] = []
  for (const index of set) {
    came.push(index)
    set.delete(index + 1)
    set.delete(index)
  }
  t.strictSame(came, [0, 2, 4])
  t.equal(set.size, 0)
  t.end()
})
