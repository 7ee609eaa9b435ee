import pico from 'picocolors'
import t from 'tap'
import type { AuditRecord } from '../../../src/audit/record.ts'
import { jsonOf, lineOf } from '../../../src/cli/audit-line.ts'

const plain = pico.createColors(false)
const record: AuditRecord = {
  seq: 7,
  time: '2026-01-01T00:00:00.000Z',
  secret: 'db/password',
  operation: 'read',
  decision: 'denied',
  rule: 'units',
  reason: 'bar.service is none of the units that may read',
  unit: 'bar.service',
  userUnit: null,
  invocation: null,
  pid: 40,
  tid: 41,
  uid: 1000,
  gid: 1000,
  comm: 'cat',
  exe: null,
  count: 1,
}

t.test('a line for people', (t) => {
  t.equal(
    lineOf(record, plain),
    '2026-01-01T00:00:00.000Z  denied   read  db/password  bar.service  cat[40]  uid 1000  bar.service is none of the units that may read',
  )
  const folded = { ...record, unit: 'user@1000.service', userUnit: 'x.service', count: 12 }
  t.match(lineOf(folded, plain), '  user@1000.service/x.service  ')
  t.ok(lineOf(folded, plain).endsWith('  ×12'))
  const unknown = { ...record, unit: null, pid: null, comm: null, decision: 'allowed' as const }
  t.match(lineOf(unknown, plain), '  allowed  read  db/password  -  ?[41]  ')
  t.match(lineOf(record, pico.createColors(true)), '\u001b[31mdenied')
  t.end()
})

t.test('a process cannot drive the terminal, nor forge a line, by its name', (t) => {
  const forged = { ...record, comm: 'a\n\u001b[2J\u009b31m', unit: 'x\r', reason: 'y\n' }
  t.match(lineOf(forged, plain), 'a\\x0a\\x1b[2J\\x9b31m[40]')
  for (const text of [lineOf(forged, plain), jsonOf(forged)]) t.notMatch(text, /[\u0000-\u001f\u007f-\u009f]/)
  t.strictSame(JSON.parse(jsonOf(forged)), forged)
  t.end()
})
