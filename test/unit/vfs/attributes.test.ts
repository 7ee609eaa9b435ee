import t from 'tap'
import { attributesOf, CACHE_SECONDS, entryOf } from '../../../src/vfs/attributes.ts'
import type { SecretTable } from '../../../src/vfs/table.ts'
import { nodeId } from '../../../src/vfs/node-id.ts'
import { packTable } from '../../../src/vfs/packed-table.ts'
import { buildTree, type Node } from '../../../src/vfs/tree.ts'
import { secret, table, value } from '../../support/tables.ts'

function nodeOf(from: SecretTable, kind: Node['kind'], path: string): Node {
  const tree = buildTree(packTable(from), new Map([['.hushfs/status.json', () => new Uint8Array(5)]]))
  const node = tree.nodes.get(nodeId(kind, path))
  if (node === undefined) throw new Error(`no ${kind} ${path}`)
  return node
}

t.test('a secret has the owner, mode, size and time of its entry', (t) => {
  const entry = secret('a', '', { uid: 5, gid: 6, mode: 0o440, value: value('x'.repeat(1025), 777) })
  const from = table([entry])
  const id = nodeId('secret', 'a')
  t.same(attributesOf(nodeOf(from, 'secret', 'a'), from), {
    ino: id,
    size: 1025,
    blocks: 3,
    atime: 777,
    mtime: 777,
    ctime: 777,
    atimensec: 0,
    mtimensec: 0,
    ctimensec: 0,
    mode: 0o100440,
    nlink: 1,
    uid: 5,
    gid: 6,
    rdev: 0,
    blksize: 4096,
    flags: 0,
  })
  t.end()
})

t.test('one that fails is empty and as old as the table', (t) => {
  const from = table([secret('a', '', { value: { failing: 'why' } })], { changedAt: 42 })
  t.match(attributesOf(nodeOf(from, 'secret', 'a'), from), { size: 0, blocks: 0, mtime: 42, mode: 0o100400 })
  t.end()
})

t.test('a directory counts the folders in it, hidden ones not', (t) => {
  const from = table([secret('a/b', '1'), secret('c/d', '2'), secret('e', '3')], { changedAt: 42 })
  t.match(attributesOf(nodeOf(from, 'directory', ''), from), {
    ino: 1,
    nlink: 4,
    mode: 0o40711,
    mtime: 42,
    uid: 0,
    gid: 0,
    size: 0,
  })
  t.match(attributesOf(nodeOf(from, 'directory', 'a'), from), { nlink: 2 })
  t.end()
})

t.test('a virtual file is root only and has no size before it is read', (t) => {
  const from = table([])
  t.match(attributesOf(nodeOf(from, 'virtual', '.hushfs/status.json'), from), {
    size: 0,
    mode: 0o100400,
    uid: 0,
  })
  t.end()
})

t.test('a lookup may be cached, names and attributes alike', (t) => {
  const from = table([secret('a', '1')])
  const node = nodeOf(from, 'secret', 'a')
  t.match(entryOf(node, from), {
    nodeid: node.id,
    generation: 0,
    entry_valid: CACHE_SECONDS,
    attr_valid: CACHE_SECONDS,
    attr: attributesOf(node, from),
  })
  t.end()
})
