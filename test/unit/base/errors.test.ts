import { readFileSync } from 'node:fs'
import t from 'tap'
import * as errors from '../../../src/base/errors.ts'

t.test('each class has its code and its exit status', (t) => {
  const rows: [errors.HushfsError, errors.ErrorCode, 1 | 2][] = [
    [new errors.UsageError('x'), 'ERR_USAGE', 2],
    [new errors.ConfigError({ file: 'f' }, 'x'), 'ERR_CONFIG', 2],
    [new errors.IdentityError('x'), 'ERR_IDENTITY', 1],
    [new errors.SourceError('x'), 'ERR_SOURCE', 1],
    [new errors.UnavailableError('x'), 'ERR_UNAVAILABLE', 1],
    [new errors.SealedError('x'), 'ERR_SEALED', 1],
    [new errors.StoreError('x'), 'ERR_STORE', 1],
    [new errors.MountError('x'), 'ERR_MOUNT', 1],
    [new errors.ProtocolError('x'), 'ERR_PROTOCOL', 1],
    [new errors.SystemError('mount', 1, 'EPERM'), 'ERR_SYSTEM', 1],
    [new errors.InterruptedError(), 'ERR_INTERRUPTED', 1],
  ]
  for (const [error, code, status] of rows) {
    t.equal(error.code, code)
    t.equal(errors.exitStatus(error), status, code)
    t.equal(error.name, error.constructor.name)
  }
  const classes = Object.values(errors).filter(
    (value) => typeof value === 'function' && value.prototype instanceof errors.HushfsError,
  )
  t.equal(classes.length, rows.length, 'no class is left out')
  for (const other of [new Error('x'), 'x', undefined]) t.equal(errors.exitStatus(other), 1)
  t.end()
})

t.test('a configuration error says where', (t) => {
  const message = (place: errors.Place) => new errors.ConfigError(place, 'must be a string').message
  t.equal(message({ file: 'h.yaml' }), 'h.yaml: must be a string')
  t.equal(message({ file: 'h.yaml', line: 3 }), 'h.yaml:3: must be a string')
  t.equal(
    message({ file: 'h.yaml', line: 3, column: 5, key: 'secrets.a' }),
    'h.yaml:3:5: secrets.a: must be a string',
  )
  t.end()
})

t.test('hint and cause are kept apart from the message', (t) => {
  const cause = new Error('inner')
  const error = new errors.StoreError('outer', { hint: 'do this', cause })
  t.match(error, { message: 'outer', hint: 'do this', cause })
  t.notOk('cause' in new errors.StoreError('outer'))
  t.end()
})

t.test('the reason of an error is one line without a stack, and nothing of an unknown one', (t) => {
  t.equal(errors.reasonOf(new errors.SystemError('mount', 1, 'EPERM')), 'mount: EPERM')
  let thrown: unknown
  try {
    readFileSync('/nonexistent/file')
  } catch (error) {
    thrown = error
  }
  t.equal(errors.reasonOf(thrown), '/nonexistent/file: no such file')
  t.ok(errors.isNodeError(thrown))
  t.equal(errors.reasonOf(new TypeError('could hold a secret')), 'unexpected TypeError')
  t.equal(errors.reasonOf('could hold a secret'), 'unexpected error')
  t.notOk(errors.isNodeError(new errors.UsageError('x')))
  t.end()
})
