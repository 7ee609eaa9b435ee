import { constants } from 'node:os'
import t from 'tap'
import { errno, errnoName } from '../../../src/base/errno.ts'

t.test('the values are those of this system', (t) => {
  for (const [name, value] of Object.entries(errno)) {
    t.equal(value, (constants.errno as Record<string, number>)[name], name)
    t.equal(errnoName(value), name)
  }
  t.equal(errnoName(999), 'errno 999')
  t.end()
})
