import t from 'tap'
import { EventTexts } from '../../../src/audit/event-texts.ts'
import type { AuditEvent } from '../../../src/audit/record.ts'

const event: AuditEvent = {
  secret: 'db/password',
  operation: 'open',
  decision: 'allowed',
  rule: 'units',
  reason: 'foo.service matches "foo"',
  unit: 'foo.service',
  userUnit: 'a.service',
  invocation: '0123',
  pid: 40,
  tid: 41,
  uid: 1000,
  gid: 1000,
  comm: 'c\n"at',
  exe: '/usr/bin/ü',
}
/** What another event may have instead, for each member. */
const others: AuditEvent = {
  secret: 'other',
  operation: 'read',
  decision: 'denied',
  rule: 'manager',
  reason: 'other',
  unit: null,
  userUnit: null,
  invocation: null,
  pid: null,
  tid: 42,
  uid: 0,
  gid: 0,
  comm: null,
  exe: null,
}
const parsed = (text: string): unknown => JSON.parse(`{${text}}`)

t.test('the members of the record, in their order, whatever the order of the event', (t) => {
  const texts = new EventTexts()
  t.strictSame(parsed(texts.of(event)), event)
  const reversed = Object.fromEntries(Object.entries(event).reverse()) as unknown as AuditEvent
  t.equal(new EventTexts().of(reversed), texts.of(event))
  t.end()
})

t.test('any other event of a thread that is known is another text', (t) => {
  for (const key of Object.keys(others) as (keyof AuditEvent)[]) {
    const texts = new EventTexts()
    texts.of(event)
    const other = { ...event, [key]: others[key] }
    t.strictSame(parsed(texts.of(other)), other, key)
    t.strictSame(parsed(texts.of(event)), event, `back from another ${key}`)
  }
  t.end()
})

t.test('threads that share a place', (t) => {
  const texts = new EventTexts()
  for (const tid of [41, 41 + 128, 41]) t.match(parsed(texts.of({ ...event, tid })), { tid })
  t.end()
})
