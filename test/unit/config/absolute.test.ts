import { resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { absolute } from '../../../src/config/absolute.ts'

t.test('the same as resolve', (t) => {
  const part = fc.constantFrom('', '.', '..', '...', '.a', 'a.', 'a', 'b c', 'é')
  const path = fc.tuple(fc.constantFrom('', '/', '//'), fc.array(part), fc.constantFrom('', '/'))
  fc.assert(
    fc.property(path, ([start, parts, end]) => {
      const text = `${start}${parts.join('/')}${end}`
      return text === '' || absolute('/etc/hushfs', text) === resolve('/etc/hushfs', text)
    }),
    { numRuns: 5000 },
  )
  t.equal(absolute('/etc/hushfs', 'a'), '/etc/hushfs/a')
  t.equal(absolute('/etc/hushfs', '/a/b'), '/a/b')
  t.end()
})
