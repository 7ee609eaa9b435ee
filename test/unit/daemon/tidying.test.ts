import { mock } from 'node:test'
import t from 'tap'
import { Tidying } from '../../../src/daemon/tidying.ts'

t.test('the worker is asked once, when all has been quiet for a while after the first load', (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] })
  t.teardown(() => {
    mock.timers.reset()
  })
  let asked = 0
  const tidying = new Tidying(() => {
    asked++
    return Promise.resolve()
  })
  tidying.loaded()
  tidying.loaded()
  mock.timers.tick(5000)
  t.equal(asked, 0, 'not while more may come')
  mock.timers.tick(10_000)
  t.equal(asked, 1)
  tidying.loaded()
  mock.timers.tick(60_000)
  t.equal(asked, 1, 'later it tidies up by itself')
  t.end()
})
