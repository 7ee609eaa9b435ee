import t from 'tap'
import { Nodes } from '../../../src/vfs/nodes.ts'

/** A path and an id of each node. */
type Paths = Readonly<Record<string, number>>

/** Nodes of which the first ones are made when they are asked for, and whose ids were asked for. */
function counting(many: Paths, few: Paths) {
  const asked = new Set<string>()
  const made = (paths: Paths) =>
    Object.entries(paths).map(([path, id]) => ({
      path,
      get id() {
        asked.add(path)
        return id
      },
    }))
  const first = made(many)
  const find = (path: string) => first.find((one) => one.path === path)
  const others = made(few)
  const found = { length: first.length, find, [Symbol.iterator]: () => first.values() }
  return { nodes: new Nodes(found, others), all: [...first, ...others], asked }
}

t.test('an id is made for who is told of it, and for all when another one is asked for', (t) => {
  const { nodes, all, asked } = counting({ a: 70_003, b: 70_001 }, { c: 70_002 })
  t.equal(nodes.count, 3)
  t.equal(nodes.at('b'), all[1])
  t.equal(nodes.at('x'), undefined)
  t.strictSame([...asked], [])
  t.equal(nodes.tell('c'), all[2])
  t.equal(nodes.tell('c'), all[2])
  t.equal(nodes.tell('x'), undefined)
  t.equal(nodes.get(70_002), all[2])
  t.strictSame([...asked], ['c'], 'the others wait')
  t.equal(nodes.get(70_001), all[1], 'an earlier server has told of it')
  t.strictSame([...asked].sort(), ['a', 'b', 'c'])
  t.equal(nodes.get(70_002), all[2], 'what was told before is found as well')
  t.equal(nodes.get(70_004), undefined)
  t.equal(nodes.tell('a'), all[0])
  t.equal(nodes.get(70_003), all[0])
  t.end()
})

t.test('an id never stands for two nodes', (t) => {
  const message = /a and b have the node id 70001|b and a have the node id 70001/
  const told = counting({ a: 70_001, b: 70_001 }, {}).nodes
  told.tell('a')
  t.throws(() => told.tell('b'), { message })
  const asked = counting({ a: 70_001 }, { b: 70_001, c: 70_002 }).nodes
  t.throws(() => asked.get(70_002), { message })
  t.throws(() => asked.get(70_002), { message }, 'nor later')
  t.end()
})

t.test('a path never stands for two nodes', (t) => {
  const message = 'two nodes have the path a'
  t.throws(() => counting({ a: 70_001 }, { b: 70_002, a: 70_003 }), { message })
  t.end()
})
