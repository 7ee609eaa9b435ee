import fc from 'fast-check'
import t from 'tap'
import { HashOrder } from '../../../src/vfs/hash-order.ts'

const LIMIT = 2 ** 52

t.test('any ids are in order, and found', (t) => {
  const id = fc.oneof(
    fc.integer({ min: 0, max: LIMIT - 1 }),
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: LIMIT - 3, max: LIMIT - 1 }),
  )
  fc.assert(
    fc.property(fc.array(id, { maxLength: 200 }), id, (ids, other) => {
      const order = new HashOrder(
        ids.map((id) => ({ id })),
        LIMIT,
      )
      const sorted = [...ids].sort((a, b) => a - b)
      t.strictSame(
        order.items.map(({ id }) => id),
        sorted,
      )
      for (const id of ids) if (order.get(id)?.id !== id) return false
      return order.get(other)?.id === (ids.includes(other) ? other : undefined)
    }),
  )
  t.end()
})

t.test('the items themselves stay', (t) => {
  const [a, b] = [{ id: 5 }, { id: 4 }]
  const order = new HashOrder([a, b], LIMIT)
  t.equal(order.items[0], b)
  t.equal(order.items[1], a)
  t.equal(order.get(4), b)
  t.equal(new HashOrder<{ id: number }>([], LIMIT).get(4), undefined)
  t.end()
})
