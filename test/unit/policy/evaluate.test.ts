import t from 'tap'
import type { Caller, Unknown } from '../../../src/caller/caller.ts'
import { placeCgroup } from '../../../src/caller/cgroup.ts'
import { UnitRule } from '../../../src/policy/evaluate.ts'
import { NO_RULE, type Rule } from '../../../src/policy/rules.ts'

const rule = (rest: Partial<Rule>) => new UnitRule({ ...NO_RULE, ...rest })
const caller = (cgroup: string, tid = 1234): Caller => ({
  tid,
  uid: 0,
  gid: 0,
  cgroup,
  placement: placeCgroup(cgroup),
})
const inUnit = (unit: string) => caller(`/system.slice/${unit}`)
const inUserUnit = (uid: number, unit: string) =>
  caller(`/user.slice/user-${uid}.slice/user@${uid}.service/app.slice/${unit}`)
const unknown: Unknown = { unknown: 'the caller is in another pid namespace' }

t.test('without a rule everyone may, also who is unknown', (t) => {
  const none = rule({ manager: false, reads: { kind: 'once' } })
  t.equal(none.restricted, false)
  for (const one of [inUnit('a.service'), caller('/'), unknown])
    t.strictSame(none.decide(one), { allowed: true, rule: 'none', reason: 'no unit rule' })
  t.equal(none.mayUnit('a.service'), true)
  t.end()
})

t.test('a unit that is named, or matches', (t) => {
  const some = rule({ units: ['postgresql.service', 'backup@*.service', 'm?.scope'] })
  t.equal(some.restricted, true)
  t.strictSame(some.decide(inUnit('postgresql.service')), {
    allowed: true,
    rule: 'units',
    reason: 'postgresql.service matches postgresql.service',
  })
  t.match(some.decide(inUnit('backup@daily.service')), {
    allowed: true,
    reason: 'backup@daily.service matches backup@*.service',
  })
  for (const sub of ['/system.slice/postgresql.service/.control', '/a.slice/b.slice/m1.scope/x/y'])
    t.match(some.decide(caller(sub)), { allowed: true, rule: 'units' })
  t.strictSame(some.decide(inUnit('postgresql.service.d.service')), {
    allowed: false,
    rule: 'units',
    reason: 'postgresql.service.d.service is none of the units that may read',
  })
  for (const other of ['xpostgresql.service', 'backup.service', 'm12.scope', 'Postgresql.service'])
    t.match(some.decide(inUnit(other)), { allowed: false, rule: 'units' })
  t.end()
})

t.test('what cannot be decided is refused, with the reason', (t) => {
  const all = rule({ units: ['*'], userUnits: [{ uid: 0, unit: '*' }] })
  t.strictSame(all.decide(unknown), { allowed: false, rule: 'units', reason: unknown.unknown })
  for (const path of [
    '/',
    '/..',
    '/../foo.service',
    '/foo.service (deleted)',
    '/system.slice',
    '',
    'x',
    '/a//b.service',
  ])
    t.match(all.decide(caller(path)), { allowed: false, rule: 'units', reason: /.+/ }, path)
  t.end()
})

t.test('an empty list is nobody but PID 1', (t) => {
  for (const empty of [rule({ units: [] }), rule({ userUnits: [] })]) {
    t.equal(empty.restricted, true)
    t.match(empty.decide(inUnit('a.service')), { allowed: false })
    t.match(empty.decide(inUserUnit(1000, 'a.service')), { allowed: false })
    t.match(empty.decide(caller('/init.scope', 1)), { allowed: true, rule: 'manager' })
    t.equal(empty.mayUnit('a.service'), false)
  }
  t.match(rule({ units: [], manager: false }).decide(caller('/init.scope', 1)), { allowed: false })
  t.end()
})

t.test('PID 1 by its number and its unit, and by nothing else', (t) => {
  const yes = rule({ units: ['a.service'] })
  const no = rule({ units: ['a.service', '*'], manager: false })
  t.strictSame(yes.decide(caller('/init.scope', 1)), {
    allowed: true,
    rule: 'manager',
    reason: 'PID 1 may read',
  })
  t.strictSame(no.decide(caller('/init.scope', 1)), {
    allowed: false,
    rule: 'manager',
    reason: 'manager: false refuses PID 1',
  })
  t.match(yes.decide(caller('/init.scope', 2)), { allowed: false, rule: 'units' }, 'a shell in its unit')
  t.match(yes.decide(caller('/', 1)), { allowed: false }, 'a PID 1 that is not systemd')
  t.match(yes.decide(caller('/system.slice/b.service', 1)), { allowed: false })
  t.match(no.decide(caller('/init.scope', 2)), { allowed: true, rule: 'units' }, 'the unit is named')
  t.match(yes.decide(caller('/user.slice/user@1000.service/init.scope', 1)), { allowed: false })
  t.end()
})

t.test('a user’s unit only by userUnits, and only of that user', (t) => {
  const both = rule({
    units: ['syncthing.service'],
    userUnits: [
      { uid: 1000, unit: 'syncthing.service' },
      { uid: 1000, unit: 'b@*.service' },
      { uid: 1001, unit: 'other.service' },
    ],
  })
  t.strictSame(both.decide(inUserUnit(1000, 'syncthing.service')), {
    allowed: true,
    rule: 'userUnits',
    reason: 'syncthing.service of user 1000 matches syncthing.service',
  })
  t.match(both.decide(inUserUnit(1000, 'b@x.service')), { allowed: true, rule: 'userUnits' })
  t.match(both.decide(inUserUnit(1001, 'other.service')), { allowed: true, rule: 'userUnits' })
  t.match(both.decide(inUserUnit(1001, 'syncthing.service')), {
    allowed: false,
    rule: 'units',
    reason: 'user@1001.service is none of the units that may read',
  })
  t.match(both.decide(inUserUnit(1002, 'syncthing.service')), { allowed: false })
  t.match(rule({ units: ['syncthing.service'] }).decide(inUserUnit(1000, 'syncthing.service')), {
    allowed: false,
  })
  t.match(rule({ userUnits: [{ uid: 1000, unit: 'a.service' }] }).decide(inUnit('a.service')), {
    allowed: false,
  })
  t.match(
    rule({ units: ['user@1000.service'] }).decide(inUserUnit(1000, 'any.service')),
    { allowed: true, rule: 'units' },
    'the whole manager',
  )
  t.match(rule({ userUnits: [{ uid: 1000, unit: '*' }] }).decide(caller('/user.slice/user@1000.service')), {
    allowed: false,
  })
  t.end()
})

t.test('answers do not depend on what was asked before', (t) => {
  const some = rule({ units: ['a*.service', '*b.service'] })
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 600; i++) {
      t.equal(some.decide(inUnit(`a${i}.service`)).allowed, true)
      t.equal(some.decide(inUnit(`c${i}.service`)).allowed, false)
    }
  }
  t.end()
})

t.test('ten thousand patterns', (t) => {
  const names = Array.from({ length: 10_000 }, (_, i) => `svc${i}.service`)
  const globs = names.map((name) => name.replace('.', '@*.'))
  const many = rule({ units: [...names, ...globs] })
  t.match(many.decide(inUnit('svc9999.service')), { allowed: true })
  t.match(many.decide(inUnit('svc9999@x.service')), { reason: 'svc9999@x.service matches svc9999@*.service' })
  t.match(many.decide(inUnit('svc10000.service')), { allowed: false })
  t.match(many.decide(inUnit('svc10000.service')), { allowed: false })
  t.end()
})

t.test('mayUnit: by its name alone, and a template for its instances', (t) => {
  const some = rule({ units: ['a.service', 'b@x.service', 'c@*.service', 'd*.service', 'x.scope'] })
  const may = ['a.service', 'b@x.service', 'b@.service', 'c@.service', 'c@1.service', 'd@.service', 'x.scope']
  const mayNot = [
    'b@y.service',
    'a@.service',
    'e@.service',
    'c@.scope',
    'x@.scope',
    'init.scope',
    'c.service',
  ]
  for (const unit of may) t.equal(some.mayUnit(unit), true, unit)
  for (const unit of mayNot) t.equal(some.mayUnit(unit), false, unit)
  t.end()
})
