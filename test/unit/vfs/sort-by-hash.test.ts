import fc from 'fast-check'
import t from 'tap'
import { sortByHash } from '../../../src/vfs/sort-by-hash.ts'

const LIMIT = 2 ** 52

t.test('any ids are in order after it', (t) => {
  const id = fc.oneof(
    fc.integer({ min: 0, max: LIMIT - 1 }),
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: LIMIT - 3, max: LIMIT - 1 }),
  )
  fc.assert(
    fc.property(fc.array(id, { maxLength: 200 }), (ids) => {
      const items = ids.map((id) => ({ id }))
      sortByHash(items, LIMIT)
      const sorted = [...ids].sort((a, b) => a - b)
      return items.length === ids.length && items.every((item, index) => item.id === sorted[index])
    }),
  )
  t.end()
})

t.test('the items themselves stay', (t) => {
  const [a, b] = [{ id: 5 }, { id: 4 }]
  const items = [a, b]
  sortByHash(items, LIMIT)
  t.equal(items[0], b)
  t.equal(items[1], a)
  t.end()
})
