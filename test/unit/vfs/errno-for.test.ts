import t from 'tap'
import { errno } from '../../../src/base/errno.ts'
import * as errors from '../../../src/base/errors.ts'
import { errnoFor } from '../../../src/vfs/errno-for.ts'

t.test('whatever it is, the caller sees EIO: no error grants, and none is ENOSYS', (t) => {
  const thrown = [
    new errors.SourceError('x'),
    new errors.SealedError('x'),
    new errors.IdentityError('x'),
    new errors.ProtocolError('x'),
    new errors.SystemError('read', errno.ENOSYS, 'x'),
    new Error('x'),
    'x',
    undefined,
  ]
  for (const error of thrown) t.equal(errnoFor(error), errno.EIO)
  t.end()
})
