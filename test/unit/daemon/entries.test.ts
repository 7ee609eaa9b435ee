import t from 'tap'
import type { EntryValue } from '../../../src/vfs/table.ts'
import { entriesOf, secret, table, value } from '../../support/tables.ts'

const pending: EntryValue = { pending: true, since: 0 }
const failing = (reason: string): EntryValue => ({ failing: reason })
const named = (name: string, as: EntryValue) => secret(name, '', { value: as })

t.test('what is counted follows each change', (t) => {
  const entries = entriesOf(table([named('a', pending), named('b', failing('x')), named('c', pending)]))
  t.match(entries, { total: 3, pending: 2, failing: [{ name: 'b', reason: 'x' }] })
  entries.put(2, failing('y'))
  entries.put(0, failing('z'))
  t.strictSame(
    entries.failing.map(({ name, reason }) => [name, reason]),
    [
      ['a', 'z'],
      ['b', 'x'],
      ['c', 'y'],
    ],
  )
  entries.put(1, value('v'))
  entries.put(2, failing('other'))
  t.match(entries, { pending: 0, failing: [{ name: 'a' }, { name: 'c', reason: 'other' }] })
  t.equal(entries.failing.length, 2)
  t.end()
})

t.test('a table that was taken stays as it was', (t) => {
  const entries = entriesOf(table([named('a', pending)], { generation: 7 }))
  const before = entries.table
  entries.put(0, value('v'))
  t.strictSame(before.secrets[0]?.value, pending)
  t.match(entries.table, { generation: 7, secrets: [{ name: 'a', value: { size: 1 } }] })
  t.strictSame([...entries.stream.secrets], entries.table.secrets)
  t.end()
})

t.test('a value is what it was, without its bytes', (t) => {
  const held = { ...value('v'), version: 2 ** 52, changedAt: 2 ** 33 }
  const unavailable = { failing: 'x', unavailable: true } as const
  const entries = entriesOf(table([named('a', held), named('b', unavailable), named('c', pending)]))
  t.strictSame(entries.valueAt(0), { ...held, sealed: new Uint8Array(), at: 0 })
  t.equal(entries.valueAt(1), unavailable)
  t.equal(entries.valueAt(2), pending)
  t.equal(entries.valueAt(3), undefined)
  t.equal(entries.at(3), undefined)
  t.equal(entries.at(-1), undefined)
  entries.put(0, pending)
  t.equal(entries.valueAt(0), pending)
  t.end()
})
