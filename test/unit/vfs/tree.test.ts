import t from 'tap'
import { nodeId } from '../../../src/vfs/node-id.ts'
import { packTable } from '../../../src/vfs/packed-table.ts'
import type { SecretEntry } from '../../../src/vfs/table.ts'
import {
  buildTree,
  childOf,
  type Directory,
  type Node,
  type Tree,
  type VirtualFiles,
} from '../../../src/vfs/tree.ts'
import { secret, table } from '../../support/tables.ts'

function build(entries: readonly SecretEntry[], virtual: VirtualFiles = new Map()): Tree {
  return buildTree(packTable(table(entries)), virtual)
}

/** The nodes at these paths, each of which must be there. */
function nodesAt(tree: Tree, paths: readonly string[]): Node[] {
  return paths.map((path) => {
    const node = tree.nodes.at(path)
    if (node === undefined) throw new Error(`there is no ${path}`)
    return node
  })
}

function directory(tree: ReturnType<typeof buildTree>, path: string): Directory {
  const node = tree.nodes.get(nodeId('directory', path))
  if (node?.kind !== 'directory') throw new Error(`${path} is no directory`)
  return node
}

const isIn = ({ path }: Directory, node: Node) =>
  node.path !== '' && node.path === [path, node.name].filter((part) => part !== '').join('/')

t.test('node ids are those of earlier versions: a later server carries on a mount', (t) => {
  t.equal(nodeId('directory', ''), 1)
  t.same(
    [nodeId('secret', 'db/password'), nodeId('directory', 'db'), nodeId('virtual', '.hushfs/status.json')],
    [3400366143231017, 1209879997856236, 786357951240520],
  )
  t.end()
})

t.test(
  'node ids depend on kind and path alone, and are exact numbers above those that FUSE reserves',
  (t) => {
    const alone = build([secret('d/a', '1')])
    const among = build([secret('z', '2'), secret('d/b', '3'), secret('d/a', '4')])
    for (const { id } of nodesAt(alone, ['', 'd', 'd/a', '.self', '.units'])) t.ok(among.nodes.get(id))
    t.not(nodeId('secret', 'x'), nodeId('directory', 'x'))
    for (let index = 0; index < 1000; index++) {
      const id = nodeId('secret', `secret-${index}`)
      if (id < 65536 || !(id < 2 ** 52) || !Number.isInteger(id)) t.fail(`node id ${id}`)
    }
    t.end()
  },
)

t.test('slashes make directories, each listed once, in the order of node ids', (t) => {
  const tree = build([secret('a/b/c', '1'), secret('a/b/d', '2'), secret('a/e', '3'), secret('f', '4')])
  const all = nodesAt(tree, ['', 'a', 'a/b', 'a/b/c', 'a/b/d', 'a/e', 'f', '.self', '.units'])
  t.equal(tree.nodes.count, all.length)
  t.same(
    directory(tree, '')
      .listed.inOrder.map(({ name }) => name)
      .sort(),
    ['a', 'f'],
  )
  t.same(
    directory(tree, 'a')
      .listed.inOrder.map(({ name }) => name)
      .sort(),
    ['b', 'e'],
  )
  t.same(
    directory(tree, 'a/b')
      .listed.inOrder.map(({ name }) => name)
      .sort(),
    ['c', 'd'],
  )
  for (const node of all) {
    if (node.kind !== 'directory') continue
    const ids = node.listed.inOrder.map(({ id }) => id)
    t.same(
      ids,
      ids.toSorted((x, y) => x - y),
    )
    t.equal(node.listed.folders, node.listed.inOrder.filter(({ kind }) => kind === 'directory').length)
    t.same(new Set(node.listed), new Set(all.filter((one) => isIn(node, one) && !one.path.startsWith('.'))))
  }
  t.equal(directory(tree, 'a/b').parent, directory(tree, 'a'))
  t.equal(tree.root.parent, undefined)
  t.end()
})

t.test('directories have the mode of the table, those of virtual files are for root', (t) => {
  const virtual: VirtualFiles = new Map([['.hushfs/status.json', () => new Uint8Array()]])
  const tree = buildTree(packTable(table([secret('a/b', '1')], { directoryMode: 0o755 })), virtual)
  t.same(
    [directory(tree, '').mode, directory(tree, 'a').mode, directory(tree, '.hushfs').mode],
    [0o755, 0o755, 0o700],
  )
  t.notOk(
    directory(tree, '').listed.inOrder.some(({ name }) => name === '.hushfs'),
    'not listed',
  )
  t.equal(childOf(tree, directory(tree, ''), '.hushfs'), directory(tree, '.hushfs'), 'but found')
  t.same(
    directory(tree, '.hushfs').listed.inOrder.map(({ name }) => name),
    ['status.json'],
  )
  t.end()
})

t.test('a name that is both a file and a folder is never mounted', (t) => {
  for (const names of [
    ['a', 'a/b'],
    ['a/b', 'a'],
  ])
    t.throws(() => build(names.map((name) => secret(name, '1'))), {
      message: 'two nodes have the path a',
    })
  t.throws(() => build([secret('a', '1'), secret('a', '2')]), {
    message: 'two nodes have the path a',
  })
  t.end()
})

t.test('a name is found in its own folder, as what it is', (t) => {
  const virtual: VirtualFiles = new Map([['.hushfs/status.json', () => new Uint8Array()]])
  const tree = build([secret('a/b', '1'), secret('c', '2')], virtual)
  const found = (path: string, name: string) => childOf(tree, directory(tree, path), name)
  t.match(found('', 'a'), { kind: 'directory', path: 'a' })
  t.match(found('', 'c'), { kind: 'secret', path: 'c' })
  t.match(found('a', 'b'), { kind: 'secret', path: 'a/b', name: 'b' })
  t.match(found('.hushfs', 'status.json'), { kind: 'virtual' })
  t.match(found('', '.self'), { kind: 'self' })
  t.match(found('', '.units'), { kind: 'units' })
  for (const [path, name] of [
    ['', 'b'],
    ['', 'a/b'],
    ['', ''],
    ['a', 'c'],
    ['a', '.self'],
    ['a', ''],
  ] as const)
    t.equal(found(path, name), undefined, `${path}/${name}`)
  t.end()
})
