import t from 'tap'
import type { AuditEvent, AuditRecord } from '../../../src/audit/record.ts'
import { AuditTrail } from '../../../src/audit/trail.ts'

const FOLD_FOR = 10_000

const allowed: AuditEvent = {
  secret: 'db/password',
  operation: 'open',
  decision: 'allowed',
  rule: 'units',
  reason: 'foo.service matches foo.service',
  unit: 'foo.service',
  userUnit: null,
  invocation: null,
  pid: 40,
  tid: 41,
  uid: 1000,
  gid: 1000,
  comm: 'cat',
  exe: '/usr/bin/cat',
}
const denied: AuditEvent = { ...allowed, decision: 'denied', unit: 'bar.service', reason: 'not yours' }

const parse = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditRecord)

/** A trail, what it sent on, and its clock. */
function trail() {
  const sent: string[] = []
  const clock = { now: Date.UTC(2026, 0, 1) }
  const made = new AuditTrail(
    (line) => sent.push(line.toString()),
    () => clock.now,
  )
  return { trail: made, clock, sent: () => parse(sent.join('')), kept: () => parse(made.text()) }
}

t.test('each open is a record of its own, kept and sent on at once', (t) => {
  const { trail: audit, sent, kept } = trail()
  audit.add(allowed)
  audit.add(allowed)
  const time = '2026-01-01T00:00:00.000Z'
  t.strictSame(kept(), [
    { seq: 1, time, ...allowed, count: 1 },
    { seq: 2, time, ...allowed, count: 1 },
  ])
  t.strictSame(sent(), kept())
  t.equal(audit.folding, false)
  t.end()
})

t.test('identical refusals are one record, which is sent at the first and when their time is over', (t) => {
  const { trail: audit, clock, sent, kept } = trail()
  for (let i = 0; i < 5; i++) {
    audit.add(denied)
    clock.now += 1000
  }
  t.match(kept(), [{ seq: 5, count: 5, time: '2026-01-01T00:00:04.000Z' }])
  t.match(sent(), [{ seq: 1, count: 1 }])
  t.equal(sent().length, 1)
  t.equal(audit.folding, true)
  clock.now += FOLD_FOR - 5001
  audit.settle()
  t.equal(sent().length, 1, 'not yet')
  clock.now += 1
  audit.settle()
  t.match(sent(), [{ count: 1 }, { seq: 5, count: 5 }])
  t.equal(audit.folding, false)
  audit.settle()
  t.equal(sent().length, 2)
  t.end()
})

t.test('a refusal that stays alone is sent once', (t) => {
  const { trail: audit, clock, sent } = trail()
  audit.add(denied)
  clock.now += FOLD_FOR
  audit.settle()
  t.equal(sent().length, 1)
  t.end()
})

t.test('after its time the same refusal is a new record, and the old count is not lost', (t) => {
  const { trail: audit, clock, sent, kept } = trail()
  audit.add(denied)
  audit.add(denied)
  clock.now += FOLD_FOR
  audit.add(denied)
  t.match(kept(), [{ count: 2 }, { count: 1 }])
  t.match(sent(), [{ count: 1 }, { count: 2 }, { count: 1 }])
  clock.now -= FOLD_FOR * 2
  audit.add(denied)
  t.equal(kept().length, 3, 'a clock that was set back ends it too')
  t.end()
})

t.test('what differs in anything is not folded', (t) => {
  const { trail: audit, kept } = trail()
  const others: Partial<AuditEvent>[] = [
    { secret: 'other' },
    { operation: 'read' },
    { decision: 'failed' },
    { unit: null },
    { tid: 42 },
    { uid: 0 },
    { comm: 'dog' },
    { reason: 'another' },
  ]
  for (const other of [{}, ...others]) audit.add({ ...denied, ...other })
  t.equal(kept().length, others.length + 1)
  t.ok(kept().every(({ count }) => count === 1))
  t.end()
})

t.test('the last 1,000 are kept, oldest first, and all are sent', (t) => {
  const { trail: audit, sent, kept } = trail()
  for (let tid = 1; tid <= 2500; tid++) audit.add({ ...allowed, tid })
  t.strictSame(
    kept().map(({ tid }) => tid),
    Array.from({ length: 1000 }, (_, index) => 1501 + index),
  )
  t.equal(sent().length, 2500)
  t.end()
})

t.test('a folded record that was pushed out comes back with its count', (t) => {
  const { trail: audit, kept } = trail()
  audit.add(denied)
  for (let tid = 1; tid <= 1000; tid++) audit.add({ ...allowed, tid })
  t.notOk(kept().some(({ decision }) => decision === 'denied'))
  audit.add(denied)
  t.equal(kept().length, 1000)
  t.match(kept().at(-1), { decision: 'denied', count: 2 })
  t.end()
})

t.test('no more than 1,000 refusals are folded at a time; further ones are records of their own', (t) => {
  const { trail: audit, sent } = trail()
  for (let tid = 1; tid <= 1000; tid++) audit.add({ ...denied, tid })
  audit.add({ ...denied, tid: 2000 })
  audit.add({ ...denied, tid: 2000 })
  audit.add({ ...denied, tid: 1 })
  t.equal(sent().length, 1002)
  t.end()
})

t.test('a line is one line, whatever a process calls itself', (t) => {
  const { trail: audit, kept, sent } = trail()
  const comm = 'a"b\n{"seq":99}\r\u0000'
  audit.add({ ...allowed, comm })
  t.strictSame([kept().length, sent().length, kept()[0]?.comm, kept()[0]?.seq], [1, 1, comm, 1])
  t.end()
})
