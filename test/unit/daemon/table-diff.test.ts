import t, { type Test } from 'tap'
import { diffTables, notificationsFor } from '../../../src/daemon/table-diff.ts'
import { invalidateEntry, invalidateInode, notifyDelete } from '../../../src/fuse/wire/encode.ts'
import { NO_RULE } from '../../../src/policy/rules.ts'
import type { SecretTable } from '../../../src/vfs/table.ts'
import { nodeId } from '../../../src/vfs/node-id.ts'
import { secret, table } from '../../support/tables.ts'

const hex = (message: Uint8Array) => Buffer.from(message).toString('hex')
const file = (name: string) => nodeId('secret', name)
const folder = (path: string) => nodeId('directory', path)

/** The notifications are these, in this order. */
function same(t: Test, before: SecretTable, after: SecretTable, wanted: Uint8Array[]): void {
  t.same(notificationsFor(before, after).map(hex), wanted.map(hex))
}

/** Attributes only; all pages. */
const restated = (node: number) => invalidateInode(node, -1n)
const dropped = (node: number) => invalidateInode(node, 0n)

t.test('the same table: nothing to tell', (t) => {
  same(t, table([secret('a', '1')]), table([secret('a', '1', { rule: { ...NO_RULE } })]), [])
  t.end()
})

t.test('a changed value: its name as if deleted, its pages', (t) => {
  const before = table([secret('d/a', '1'), secret('b', '2')])
  const after = table([secret('d/a', 'new'), secret('b', '2')])
  t.match(diffTables(before, after), { added: [], changed: ['d/a'], removed: [], attributes: [] })
  same(t, before, after, [notifyDelete(folder('d'), file('d/a'), 'a'), dropped(file('d/a'))])
  t.end()
})

t.test('a value that fails, and one that is back, are changes; failing for another reason is none', (t) => {
  const good = table([secret('a', '1')])
  const bad = table([secret('a', '', { value: { failing: 'why' } })])
  const worse = table([secret('a', '', { value: { failing: 'another' } })])
  const wanted = [notifyDelete(1, file('a'), 'a'), dropped(file('a'))]
  same(t, good, bad, wanted)
  same(t, bad, good, wanted)
  same(t, bad, worse, [])
  t.end()
})

t.test('owner, group, mode and rule: attributes, and pages that were read under the old ones', (t) => {
  const before = table([secret('a', '1')])
  const rule = { ...NO_RULE, units: ['app.service'] }
  for (const change of [{ uid: 1 }, { gid: 1 }, { mode: 0o440 }, { rule }]) {
    same(t, before, table([secret('a', '1', change)]), [dropped(file('a'))])
  }
  t.end()
})

t.test('owner and value at once: the value is what counts', (t) => {
  same(t, table([secret('a', '1')]), table([secret('a', '2', { uid: 1 })]), [
    notifyDelete(1, file('a'), 'a'),
    dropped(file('a')),
  ])
  t.end()
})

t.test('a new secret: the attributes of the folders above it', (t) => {
  const before = table([secret('x', '1')])
  const after = table([secret('x', '1'), secret('d/e/a', '1')])
  t.match(diffTables(before, after), { added: ['d/e/a'] })
  same(t, before, after, [restated(folder('d/e')), restated(folder('d')), restated(1)])
  t.end()
})

t.test('a removed secret: its name and pages, the folders above it, and those that vanish with it', (t) => {
  const before = table([secret('d/e/a', '1'), secret('d/b', '2')])
  same(t, before, table([secret('d/b', '2')]), [
    notifyDelete(folder('d/e'), file('d/e/a'), 'a'),
    dropped(file('d/e/a')),
    restated(folder('d/e')),
    restated(folder('d')),
    restated(1),
    invalidateEntry(folder('d'), 'e'),
  ])
  t.end()
})

t.test('folders that vanish within each other: the innermost first', (t) => {
  const told = notificationsFor(table([secret('d/e/f/a', '1')]), table([])).map(hex)
  t.same(
    told.slice(-3),
    [invalidateEntry(folder('d/e'), 'f'), invalidateEntry(folder('d'), 'e'), invalidateEntry(1, 'd')].map(
      hex,
    ),
  )
  t.end()
})

t.test('a file that becomes a folder: the file goes', (t) => {
  const told = notificationsFor(table([secret('a', '1')]), table([secret('a/b', '1')])).map(hex)
  t.ok(told.includes(hex(notifyDelete(1, file('a'), 'a'))))
  t.end()
})

t.test('another mode of directories: the attributes of each of them', (t) => {
  const secrets = [secret('d/a', '1'), secret('b', '2')]
  const before = table(secrets)
  same(t, before, table(secrets, { directoryMode: 0o755 }), [restated(1), restated(folder('d'))])
  same(t, table([]), table([], { directoryMode: 0o755 }), [restated(1)])
  t.end()
})
