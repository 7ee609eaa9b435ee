import t from 'tap'
import { Allowances, type UnitStart } from '../../../src/vfs/allowances.ts'
import type { Reads } from '../../../src/policy/rules.ts'

const always: Reads = { kind: 'always' }
const once: Reads = { kind: 'once' }
const startup: Reads = { kind: 'startup', seconds: 30 }

const STARTED = 1_000_000
const start = (key = 'k1', unitPath = '/system.slice/a.service', startedAt = STARTED): UnitStart => ({
  key,
  unitPath,
  startedAt,
})

function made(used: readonly string[] = []) {
  const lines: string[] = []
  const clock = { wall: STARTED, monotonic: 5000 }
  const clocks = { wall: () => clock.wall, monotonic: () => clock.monotonic }
  const log = { append: (line: string) => void lines.push(line) }
  const pass = (milliseconds: number) => {
    clock.wall += milliseconds
    clock.monotonic += milliseconds
  }
  return { allowances: new Allowances(used, log, clocks), lines, clock, pass }
}

t.test('always needs nothing and uses nothing up', (t) => {
  const { allowances, lines } = made()
  for (let i = 0; i < 3; i++) {
    t.equal(allowances.objection('s', always, undefined), undefined)
    allowances.take('s', always, start())
  }
  t.strictSame(lines, [])
  t.end()
})

t.test('once: one open per start, secret and unit', (t) => {
  const { allowances, lines } = made()
  t.equal(allowances.objection('s', once, start()), undefined)
  t.equal(allowances.objection('s', once, start()), undefined, 'asking takes nothing')
  allowances.take('s', once, start())
  t.match(allowances.objection('s', once, start()), 'this start of the unit has opened it')
  t.strictSame(lines, ['k1\t/system.slice/a.service\ts\t'])
  t.equal(allowances.objection('other', once, start()), undefined)
  t.equal(allowances.objection('s', once, start('k2')), undefined, 'the next start')
  t.equal(allowances.objection('s', once, start('k1', '/system.slice/b.service')), undefined)
  t.end()
})

t.test('once: what an earlier server gave out is given out', (t) => {
  const first = made()
  first.allowances.take('s', once, start())
  const { allowances } = made(first.lines)
  t.match(allowances.objection('s', once, start()), 'has opened it')
  t.equal(allowances.objection('s', once, start('k2')), undefined)
  t.end()
})

t.test('once: a request that is asked again, by the next server too, is the same open', (t) => {
  const first = made()
  const asked = { ...start(), request: 'mount:8' }
  first.allowances.take('s', once, asked)
  first.allowances.take('s', once, asked)
  t.strictSame(first.lines, ['k1\t/system.slice/a.service\ts\tmount:8'])
  const { allowances } = made(first.lines)
  t.equal(allowances.objection('s', once, asked), undefined)
  for (const request of ['mount:10', 'other:8', ''])
    t.match(allowances.objection('s', once, { ...asked, request }), 'has opened it', request)
  t.end()
})

t.test('once: no open without its line in the log', (t) => {
  const log = {
    append: () => {
      throw new Error('no space')
    },
  }
  const allowances = new Allowances([], log, { wall: () => 0, monotonic: () => 0 })
  t.throws(() => {
    allowances.take('s', once, start())
  }, 'no space')
  t.end()
})

t.test('startup: so long after the start, the last moment included', (t) => {
  const { allowances, lines, pass } = made()
  t.equal(allowances.objection('s', startup, start()), undefined)
  allowances.take('s', startup, start())
  pass(30_000)
  t.equal(allowances.objection('s', startup, start()), undefined)
  pass(1)
  t.equal(
    allowances.objection('s', startup, start()),
    'reads: startup, and the unit started more than 30 s ago',
  )
  t.equal(allowances.objection('s', startup, start('k2', '/x.service', STARTED + 30_000)), undefined)
  t.strictSame(lines, [])
  t.end()
})

t.test('startup: a unit that nobody saw start is judged by its age alone', (t) => {
  const { allowances } = made()
  t.match(allowances.objection('s', startup, start('k', '/x.service', STARTED - 30_001)), 'more than 30 s')
  t.end()
})

t.test('startup: setting the clock back makes nobody younger', (t) => {
  const { allowances, clock } = made()
  t.equal(allowances.objection('s', startup, start()), undefined)
  clock.monotonic += 30_001
  clock.wall += 5
  t.match(allowances.objection('s', startup, start()), 'more than 30 s')
  clock.wall = STARTED - 1
  t.match(allowances.objection('s', startup, start('k2')), 'the clock was set back')
  t.end()
})

t.test('a start that cannot be told has no allowance', (t) => {
  const { allowances, lines } = made()
  for (const reads of [once, startup])
    t.match(allowances.objection('s', reads, undefined), "the start of the caller's unit can't be told")
  allowances.take('s', once, undefined)
  t.strictSame(lines, [])
  t.end()
})

t.test('many starts: the oldest is forgotten, and its age still counts', (t) => {
  const { allowances, pass } = made()
  allowances.objection('s', startup, start('first'))
  for (let i = 0; i < 10_001; i++) allowances.objection('s', startup, start(`k${i}`))
  pass(30_001)
  t.match(allowances.objection('s', startup, start('first')), 'more than 30 s')
  t.end()
})
