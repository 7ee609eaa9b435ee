import fc from 'fast-check'
import t from 'tap'
import { PathIndex } from '../../../src/vfs/path-index.ts'

t.test('items are found by their paths, and nothing else is', (t) => {
  // Few letters, so that paths resemble each other.
  const path = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u00e4'), maxLength: 6 })
  const found = fc.property(fc.uniqueArray(path, { maxLength: 300 }), path, (paths, other) => {
    const index = new PathIndex(paths.map((one) => ({ path: one })))
    const own = paths.every((one) => index.get(one)?.path === one)
    return own && (index.get(other) !== undefined) === paths.includes(other)
  })
  t.doesNotThrow(() => {
    fc.assert(found)
  })
  t.end()
})

t.test('the items themselves stay, and a path stands for one of them', (t) => {
  const items = [{ path: 'b' }, { path: '' }, { path: 'a' }]
  const index = new PathIndex(items)
  t.equal(index.items, items)
  t.equal(index.get(''), items[1])
  t.equal(new PathIndex<{ path: string }>([]).get(''), undefined)
  const again = [...items, { path: 'b' }]
  t.throws(() => new PathIndex(again), { message: 'two nodes have the path b' })
  t.end()
})
