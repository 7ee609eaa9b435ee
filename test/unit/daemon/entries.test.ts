import t from 'tap'
import { Entries } from '../../../src/daemon/entries.ts'
import type { EntryValue } from '../../../src/vfs/table.ts'
import { secret, table, value } from '../../support/tables.ts'

const pending: EntryValue = { pending: true, since: 0 }
const failing = (reason: string): EntryValue => ({ failing: reason })
const named = (name: string, as: EntryValue) => secret(name, '', { value: as })

t.test('what is counted follows each change', (t) => {
  const entries = new Entries(table([named('a', pending), named('b', failing('x')), named('c', pending)]))
  t.match(entries, { total: 3, pending: 2, failing: [{ name: 'b', reason: 'x' }] })
  entries.put(2, named('c', failing('y')))
  entries.put(0, named('a', failing('z')))
  t.strictSame(
    entries.failing.map(({ name, reason }) => [name, reason]),
    [
      ['a', 'z'],
      ['b', 'x'],
      ['c', 'y'],
    ],
  )
  entries.put(1, named('b', value('v')))
  entries.put(2, named('c', failing('other')))
  t.match(entries, { pending: 0, failing: [{ name: 'a' }, { name: 'c', reason: 'other' }] })
  t.equal(entries.failing.length, 2)
  t.end()
})

t.test('a table that was taken stays as it was', (t) => {
  const entries = new Entries(table([named('a', pending)], { generation: 7 }))
  const before = entries.table
  entries.put(0, named('a', value('v')))
  t.strictSame(before.secrets[0]?.value, pending)
  t.match(entries.table, { generation: 7, secrets: [{ name: 'a', value: { size: 1 } }] })
  t.equal(entries.table, entries.table)
  t.end()
})
