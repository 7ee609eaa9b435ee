import t from 'tap'
import type { AuditEvent } from '../../../src/audit/record.ts'
import { errno } from '../../../src/base/errno.ts'
import { monotonic } from '../../../src/base/monotonic.ts'
import type { Caller, Unknown } from '../../../src/caller/caller.ts'
import { placeCgroup } from '../../../src/caller/cgroup.ts'
import type { Invocation } from '../../../src/caller/invocation.ts'
import { PARKED, Refusal } from '../../../src/fuse/handler.ts'
import { UnitRule } from '../../../src/policy/evaluate.ts'
import { NO_RULE, type Reads, type Rule } from '../../../src/policy/rules.ts'
import { Allowances } from '../../../src/vfs/allowances.ts'
import { Gate } from '../../../src/vfs/gate.ts'
import type { EntryValue } from '../../../src/vfs/table.ts'
import type { SecretFile } from '../../../src/vfs/secrets.ts'
import { header } from '../../support/fs-driver.ts'
import { value } from '../../support/tables.ts'

const TID = 41
const request = { ...header(9), pid: TID, uid: 1000, gid: 100 }
const FOO = '/system.slice/foo.service'

const file = (rest: Partial<Rule>, held: EntryValue = value('x')): SecretFile => {
  const rule = { ...NO_RULE, ...rest }
  const access = { uid: 0, gid: 0, mode: 0o400, rule: new UnitRule(rule) }
  return { kind: 'secret', id: 70_000, name: 'password', path: 'db/password', access, value: held }
}
const foo = (reads: Reads = { kind: 'always' }) => ({ units: ['foo.service'], reads })
const once = foo({ kind: 'once' })

/** A gate on a host of one thread, in a cgroup. */
function made(cgroup = FOO) {
  const host = {
    caller: undefined as Caller | Unknown | undefined,
    cgroup,
    invocation: { key: 'k1', startedAt: 0 } as Invocation | undefined,
    identified: 0,
    events: [] as AuditEvent[],
    used: [] as string[],
    /** What happened, in order. */
    steps: [] as string[],
  }
  const callers = {
    identify: (tid: number, uid: number, gid: number): Caller | Unknown => {
      host.identified++
      return host.caller ?? { tid, uid, gid, cgroup: host.cgroup, placement: placeCgroup(host.cgroup) }
    },
    details: () => ({ pid: 40, comm: 'cat', exe: '/usr/bin/cat' }),
    invocation: () => host.invocation,
    invocationId: () => 'f'.repeat(32),
  }
  const log = {
    append: (line: string) => {
      host.used.push(line)
      host.steps.push('log')
    },
  }
  const audit = {
    add: (event: AuditEvent) => {
      host.events.push(event)
      host.steps.push('audit')
    },
  }
  const allowances = new Allowances([], log, { wall: () => 0, monotonic: () => 0 })
  const gate = new Gate({ callers, allowances, audit, connection: 'c' })
  return { host, gate, log }
}

const errnoOf = (answer: unknown) => (answer instanceof Refusal ? answer.errno : answer)

t.test('an open that is allowed is written down, with all that is known', (t) => {
  const { gate, host } = made()
  t.equal(gate.open(file(foo()), request), undefined)
  t.strictSame(host.events, [
    {
      secret: 'db/password',
      operation: 'open',
      decision: 'allowed',
      rule: 'units',
      reason: 'foo.service matches foo.service',
      unit: 'foo.service',
      userUnit: null,
      invocation: 'f'.repeat(32),
      pid: 40,
      tid: TID,
      uid: 1000,
      gid: 100,
      comm: 'cat',
      exe: '/usr/bin/cat',
    },
  ])
  t.equal(gate.refused, 0)
  t.end()
})

t.test('another unit is refused, counted and written down', (t) => {
  const { gate, host } = made('/system.slice/bar.service')
  t.equal(errnoOf(gate.open(file(foo()), request)), errno.EACCES)
  t.match(host.events, [{ operation: 'open', decision: 'denied', rule: 'units', unit: 'bar.service' }])
  t.equal(gate.refused, 1)
  t.end()
})

t.test('a unit of a user’s manager is written down with both names', (t) => {
  const { gate, host } = made('/user.slice/user-7.slice/user@7.service/app.slice/a.service')
  gate.open(file({ userUnits: [{ uid: 7, unit: 'a.service' }] }), request)
  t.match(host.events, [
    { decision: 'allowed', rule: 'userUnits', unit: 'user@7.service', userUnit: 'a.service' },
  ])
  t.end()
})

t.test('who cannot be identified is refused, and written down with what is known', (t) => {
  const { gate, host } = made()
  host.caller = { unknown: 'the caller is in another pid namespace' }
  t.equal(errnoOf(gate.open(file(foo()), request)), errno.EACCES)
  t.equal(errnoOf(gate.read(file(foo()), request)), errno.EACCES)
  const event = {
    reason: 'the caller is in another pid namespace',
    unit: null,
    invocation: null,
    tid: TID,
    uid: 1000,
  }
  t.match(host.events, [
    { ...event, operation: 'open', decision: 'denied' },
    { ...event, operation: 'read', decision: 'denied' },
  ])
  t.equal(gate.open(file({}), request), undefined, 'without a rule it may')
  t.end()
})

t.test('a read of another unit is refused, one of the same writes nothing down', (t) => {
  const { gate, host } = made()
  const secretOfFoo = file(once)
  t.equal(gate.read(secretOfFoo, request), undefined)
  t.equal(gate.read(secretOfFoo, request), undefined, 'a read takes no allowance')
  t.strictSame([host.events, host.used], [[], []])
  host.cgroup = '/system.slice/bar.service'
  t.equal(errnoOf(gate.read(secretOfFoo, request)), errno.EACCES)
  t.match(host.events, [{ operation: 'read', decision: 'denied', unit: 'bar.service' }])
  t.equal(gate.refused, 1)
  t.end()
})

t.test('a restricted secret stays out of the page cache, which would serve every unit', (t) => {
  const { gate, host } = made()
  t.equal(errnoOf(gate.read(file(foo()), request, true)), errno.EACCES)
  t.match(host.events, [{ operation: 'read', decision: 'denied', rule: 'units', reason: /page cache/ }])
  t.equal(gate.read(file(foo()), request, false), undefined)
  t.equal(gate.read(file({}), request, true), undefined, 'without a rule it may')
  t.end()
})

t.test('a read of a secret without a unit rule asks for nobody', (t) => {
  const { gate, host } = made()
  t.equal(gate.read(file({}), request), undefined)
  t.equal(host.identified, 0)
  t.end()
})

t.test('once: one open, and the use is on file before it is allowed', (t) => {
  const { gate, host } = made()
  t.equal(gate.open(file(once), request), undefined)
  t.strictSame(host.steps, ['log', 'audit'])
  t.equal(errnoOf(gate.open(file(once), { ...request, unique: request.unique + 2n })), errno.EACCES)
  t.match(host.events[1], { decision: 'denied', rule: 'reads', reason: /^reads: once/ })
  t.equal(host.used.length, 1)
  t.equal(gate.read(file(once), request), undefined, 'what is open stays readable')
  host.invocation = { key: 'k2', startedAt: 0 }
  t.equal(gate.open(file(once), request), undefined, 'the next start')
  t.end()
})

t.test('once: a request that the kernel sends again is the open that was allowed', (t) => {
  const { gate, host } = made()
  t.equal(gate.open(file(once), request), undefined)
  t.equal(gate.open(file(once), { ...request, unique: request.unique | (1n << 63n) }), undefined)
  t.equal(host.used.length, 1)
  t.match(host.used[0], /\tc:\d+$/, 'the connection and the number of the request are on file')
  t.end()
})

t.test('who may not read uses nothing up', (t) => {
  const { gate, host } = made('/system.slice/bar.service')
  t.equal(errnoOf(gate.open(file(once), request)), errno.EACCES)
  t.strictSame(host.used, [])
  t.end()
})

t.test('a secret without a value is EIO, for who may read alone, and uses nothing up', (t) => {
  const { gate, host } = made()
  const failing = file(once, { failing: 'no identity fits' })
  t.equal(errnoOf(gate.open(failing, request)), errno.EIO)
  t.equal(errnoOf(gate.open(failing, request)), errno.EIO)
  t.match(host.events[0], { decision: 'failed', reason: 'no identity fits', unit: 'foo.service' })
  t.strictSame(host.used, [])
  t.equal(gate.refused, 0)
  host.cgroup = '/system.slice/bar.service'
  t.equal(errnoOf(gate.open(failing, request)), errno.EACCES, 'others learn nothing of it')
  t.end()
})

t.test('who may read waits for a value that is being opened; who may not does not', (t) => {
  const { gate, host } = made()
  const pending = file(once, { pending: true, since: monotonic() })
  t.equal(gate.open(pending, request), PARKED)
  t.strictSame([host.events, host.used], [[], []])
  host.cgroup = '/system.slice/bar.service'
  t.equal(errnoOf(gate.open(pending, request)), errno.EACCES)
  t.end()
})

t.test('an allowance that cannot be put on file lets nobody in', (t) => {
  const { gate, host, log } = made()
  log.append = () => {
    throw new Error('no space left')
  }
  t.throws(() => gate.open(file(once), request), 'no space left')
  t.strictSame(host.events, [], 'nothing says that it was allowed')
  t.throws(() => gate.open(file(once), request), 'and it is not used up either')
  t.end()
})

t.test('a start that cannot be told has no allowance, and needs none for always', (t) => {
  const { gate, host } = made()
  host.invocation = undefined
  t.equal(errnoOf(gate.open(file(once), request)), errno.EACCES)
  t.match(host.events[0], { rule: 'reads', reason: "the start of the caller's unit can't be told" })
  t.equal(gate.open(file(foo()), request), undefined)
  t.end()
})

t.test('PID 1 reads for every start of every unit: no allowance counts it', (t) => {
  const { gate, host } = made('/init.scope')
  const asManager = { ...request, pid: 1 }
  t.equal(gate.open(file(once), asManager), undefined)
  t.equal(gate.open(file(once), asManager), undefined)
  t.match(host.events[1], { decision: 'allowed', rule: 'manager' })
  t.strictSame(host.used, [])
  t.equal(errnoOf(gate.open(file({ ...once, manager: false }), asManager)), errno.EACCES)
  t.end()
})

t.test('reads counts for a secret without units too', (t) => {
  const { gate, host } = made()
  const limited = file({ reads: { kind: 'once' } })
  t.equal(gate.open(limited, request), undefined)
  t.equal(errnoOf(gate.open(limited, { ...request, unique: request.unique + 2n })), errno.EACCES)
  host.cgroup = '/user.slice'
  t.equal(errnoOf(gate.open(limited, request)), errno.EACCES, 'in no unit there is no start')
  t.end()
})

t.test('the unit of a caller', (t) => {
  const { gate, host } = made()
  t.equal(gate.unitOf(request), 'foo.service')
  host.cgroup = '/user.slice'
  t.equal(gate.unitOf(request), undefined)
  host.caller = { unknown: 'x' }
  t.equal(gate.unitOf(request), undefined)
  t.end()
})
