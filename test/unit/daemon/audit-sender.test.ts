import t from 'tap'
import { LineRing } from '../../../src/audit/ring.ts'
import type { AuditEvent } from '../../../src/audit/record.ts'
import { AuditSender } from '../../../src/daemon/audit-sender.ts'

const open: AuditEvent = {
  secret: 'a',
  operation: 'open',
  decision: 'allowed',
  rule: 'none',
  reason: 'no unit rule',
  unit: null,
  userUnit: null,
  invocation: null,
  pid: 1,
  tid: 1,
  uid: 0,
  gid: 0,
  comm: 'cat',
  exe: null,
}
const MANY_BYTES = 1 << 18

function made(capacity = 1 << 20) {
  const ring = new LineRing(capacity)
  const nudges = { count: 0 }
  return { ring, nudges, sender: new AuditSender(ring, () => nudges.count++) }
}

const lines = (ring: LineRing) => Buffer.from(ring.take()).toString().split('\n').length - 1

t.test('with nothing to send it waits for ever, and an idle moment tells nobody', (t) => {
  const { sender, nudges } = made()
  t.equal(sender.patience(), -1)
  sender.flush()
  t.equal(nudges.count, 0)
  t.end()
})

t.test('a line is told when no request comes, once', (t) => {
  const { sender, nudges, ring } = made()
  sender.add(open)
  t.equal(nudges.count, 0)
  t.ok(sender.patience() > 0)
  sender.flush()
  t.equal(nudges.count, 1)
  t.equal(sender.patience(), -1, 'the main thread knows')
  sender.flush()
  t.equal(nudges.count, 1)
  t.equal(lines(ring), 1)
  t.end()
})

t.test('a line that comes while the main thread takes is told anew', (t) => {
  const { sender, nudges, ring } = made()
  sender.add(open)
  sender.flush()
  sender.add(open)
  t.equal(lines(ring), 2)
  sender.add(open)
  t.ok(sender.patience() > 0)
  sender.flush()
  t.equal(nudges.count, 2)
  t.equal(lines(ring), 1)
  t.end()
})

t.test('many lines are told without an idle moment', (t) => {
  const { sender, nudges, ring } = made()
  while (ring.waiting < MANY_BYTES) {
    t.equal(nudges.count, 0)
    sender.add(open)
  }
  t.equal(nudges.count, 1)
  sender.add(open)
  t.equal(nudges.count, 1)
  t.end()
})

t.test('a main thread that takes nothing costs no messages; what has no room is dropped and counted', (t) => {
  const { sender, nudges, ring } = made(4096)
  for (let i = 0; i < 100; i++) {
    sender.add(open)
    sender.flush()
  }
  t.equal(nudges.count, 1)
  const taken = lines(ring)
  t.ok(taken > 0)
  t.equal(sender.dropped, 100 - taken)
  t.equal(sender.trail.text().split('\n').length - 1, 100, 'all are kept')
  t.end()
})

t.test('folded refusals are looked at again after a while', (t) => {
  const { sender, ring } = made()
  sender.add({ ...open, decision: 'denied' })
  sender.flush()
  ring.take()
  t.ok(sender.patience() > 0)
  t.end()
})
