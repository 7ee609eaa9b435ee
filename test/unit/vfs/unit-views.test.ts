import t from 'tap'
import { NO_RULE, type Rule } from '../../../src/policy/rules.ts'
import { nodeId } from '../../../src/vfs/node-id.ts'
import { packTable } from '../../../src/vfs/packed-table.ts'
import { buildTree, type Node, type Tree, type UnitView } from '../../../src/vfs/tree.ts'
import { isViewName, isViewOf, namedUnits, UnitViews } from '../../../src/vfs/unit-views.ts'
import { secret, table } from '../../support/tables.ts'

const restricted = (name: string, units: readonly string[], rest: Partial<Rule> = {}) =>
  secret(name, 'x', { rule: { ...NO_RULE, units, ...rest } })

const secrets = [
  secret('open', 'x'),
  restricted('db/password', ['app.service']),
  restricted('db/deep/key', ['app.service', 'backup@*.service']),
  restricted('db/admin', ['admin.service']),
  restricted('backup', ['backup@daily.service']),
  restricted('none', []),
]

/** All paths below a view, with the node ids of the files. */
function walk(views: UnitViews, view: UnitView, path = ''): Map<string, number> {
  return new Map(
    views.list(view).flatMap((node) => {
      const at = path + node.name
      return node.kind === 'view' ? [...walk(views, node, `${at}/`)] : [[at, node.id] as const]
    }),
  )
}

function pathsOf(tree: Tree, unit: string): string[] {
  const views = new UnitViews()
  const top = views.top(tree, unit)
  return top === undefined ? [] : [...walk(views, top).keys()].sort()
}

const treeOf = (entries: typeof secrets) =>
  buildTree(packTable(table(entries)), new Map([['.hushfs/status.json', () => Buffer.alloc(0)]]))
const tree = treeOf(secrets)
const restrictedTree = treeOf(secrets.slice(1))

t.test('each unit sees what it may read, by the same names', (t) => {
  t.strictSame(pathsOf(tree, 'app.service'), ['db/deep/key', 'db/password', 'open'])
  t.strictSame(pathsOf(tree, 'admin.service'), ['db/admin', 'open'])
  t.strictSame(pathsOf(tree, 'backup@daily.service'), ['backup', 'db/deep/key', 'open'])
  t.strictSame(pathsOf(tree, 'backup@weekly.service'), ['db/deep/key', 'open'])
  t.strictSame(pathsOf(tree, 'other.service'), ['open'])
  t.end()
})

t.test('a template shows what any instance may read', (t) => {
  t.strictSame(pathsOf(tree, 'backup@.service'), ['backup', 'db/deep/key', 'open'])
  t.strictSame(pathsOf(restrictedTree, 'app@.service'), [])
  t.end()
})

t.test('a unit that may read nothing has no view', (t) => {
  t.equal(new UnitViews().top(restrictedTree, 'other.service'), undefined)
  t.not(new UnitViews().top(restrictedTree, 'app.service'), undefined)
  t.end()
})

t.test('files are the nodes of the tree, folders are of the view', (t) => {
  const views = new UnitViews()
  const top = views.top(tree, 'app.service') as UnitView
  const db = views.child(tree, top, 'db') as UnitView
  t.match(db, { kind: 'view', name: 'db', unit: 'app.service' })
  t.not(db.id, nodeId('directory', 'db'))
  t.equal(views.child(tree, db, 'password')?.id, nodeId('secret', 'db/password'))
  const other = views.child(tree, views.top(tree, 'admin.service') as UnitView, 'db') as UnitView
  t.not(other.id, db.id, 'nothing of one unit is another’s')
  t.end()
})

t.test('nothing else is found in a view', (t) => {
  const views = new UnitViews()
  const top = views.top(tree, 'app.service') as UnitView
  const db = views.child(tree, top, 'db') as UnitView
  for (const [view, names] of [
    [top, ['backup', 'none', '.self', '.units', '.hushfs', 'missing', '..', '']],
    [db, ['admin', 'db', 'missing']],
  ] as const)
    for (const name of names) t.equal(views.child(tree, view, name), undefined, name)
  t.end()
})

t.test('a view is found by its id, on the tree as it is now', (t) => {
  const views = new UnitViews()
  const top = views.top(tree, 'app.service') as UnitView
  const db = views.child(tree, top, 'db') as UnitView
  t.match(views.get(tree, top.id), { id: top.id, unit: 'app.service', name: 'app.service' })
  t.equal(views.get(tree, 12345), undefined)

  const next = treeOf([restricted('db/password', ['app.service']), restricted('db/admin', ['app.service'])])
  const then = views.get(next, db.id) as UnitView
  t.equal(then.id, db.id)
  t.strictSame(
    views
      .list(then)
      .map(({ name }) => name)
      .sort(),
    ['admin', 'password'],
  )

  const taken = treeOf([restricted('db/password', ['other.service'])])
  const emptied = views.get(taken, db.id)
  t.strictSame(emptied === undefined ? [] : views.list(emptied), [], 'the rule lets it see nothing any more')
  t.equal(views.get(treeOf([secret('db', 'x')]), db.id), undefined, 'the folder is a file now')
  t.end()
})

t.test('ids are the same in a later server', (t) => {
  const ids = () => {
    const views = new UnitViews()
    const top = views.top(tree, 'app.service') as UnitView
    return [top.id, (views.child(tree, top, 'db') as UnitView).id]
  }
  t.strictSame(ids(), ids())
  t.end()
})

t.test('the oldest of many is forgotten, and found again by its name', (t) => {
  const views = new UnitViews()
  const first = views.top(tree, 'app.service') as UnitView
  for (let i = 0; i < 4096; i++) views.top(tree, `u${i}.service`)
  t.equal(views.get(tree, first.id), undefined)
  t.equal(views.top(tree, 'app.service')?.id, first.id)
  t.not(views.get(tree, first.id), undefined)
  t.end()
})

t.test('entries come in the order of node ids', (t) => {
  const views = new UnitViews()
  const listed: Node[] = views.list(views.top(tree, 'app.service') as UnitView)
  t.ok(listed.length > 1)
  t.strictSame(
    listed.map(({ id }) => id),
    listed.map(({ id }) => id).sort((a, b) => a - b),
  )
  t.end()
})

t.test('names of views', (t) => {
  for (const name of ['a.service', 'a@.service', 'a@b.service', 'foo@a-b\\x2dc.service', 'm.scope'])
    t.equal(isViewName(name), true, name)
  for (const name of [
    '',
    'a',
    '.service',
    '@.service',
    '..',
    'a/b.service',
    'a@.',
    'ä.service',
    `${'a'.repeat(250)}.service`,
  ])
    t.equal(isViewName(name), false, name)
  t.end()
})

t.test('whose view it is', (t) => {
  t.equal(isViewOf('a.service', 'a.service'), true)
  t.equal(isViewOf('a.service', 'b.service'), false)
  t.equal(isViewOf('a@.service', 'a@x.service'), true)
  t.equal(isViewOf('a@.service', 'a@x@y.service'), true)
  t.equal(isViewOf('a@x.service', 'a@y.service'), false)
  for (const unit of ['a@.service', 'a.service', 'b@x.service', 'aa@x.service', 'a@x.scope', 'a@.xservice'])
    t.equal(isViewOf('a@.service', unit), false, unit)
  t.end()
})

t.test('the units that are listed: named, once, without wildcards', (t) => {
  t.strictSame(namedUnits(buildTree(packTable(table(secrets)), new Map())), [
    'app.service',
    'admin.service',
    'backup@daily.service',
  ])
  t.end()
})
