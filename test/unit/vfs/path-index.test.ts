import fc from 'fast-check'
import t from 'tap'
import { PathIndex } from '../../../src/vfs/path-index.ts'

const indexOf = (paths: readonly string[]) => new PathIndex(paths.join('\n'), paths.length)

t.test('paths are found at their places, and nothing else is', (t) => {
  // Few letters, so that paths resemble each other.
  const path = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u00e4', '\u{1f511}'), maxLength: 6 })
  const found = fc.property(fc.uniqueArray(path, { maxLength: 300 }), path, (paths, other) => {
    const index = indexOf(paths)
    const own = paths.every((one, place) => index.placeOf(one) === place && index.at(place) === one)
    return own && index.length === paths.length && (index.placeOf(other) ?? -1) === paths.indexOf(other)
  })
  t.doesNotThrow(() => {
    fc.assert(found)
  })
  t.end()
})

t.test('a path has one place', (t) => {
  t.throws(() => indexOf(['b', '', 'a', 'b']), { message: 'two nodes have the path b' })
  t.equal(indexOf([]).placeOf(''), undefined)
  t.equal(indexOf(['']).placeOf(''), 0)
  t.equal(indexOf(['b', 'a']).placeOf('b\na'), undefined)
  t.end()
})
