import t from 'tap'
import { Nodes } from '../../../src/vfs/nodes.ts'

/** Counts how often the id of each was asked for. */
function counting(paths: Readonly<Record<string, number>>) {
  const asked = new Set<string>()
  const all = Object.entries(paths).map(([path, id]) => ({
    path,
    get id() {
      asked.add(path)
      return id
    },
  }))
  return { all, asked }
}

t.test('an id is made for who is told of it, and for all when another one is asked for', (t) => {
  const { all, asked } = counting({ a: 70_003, b: 70_001, c: 70_002 })
  const nodes = new Nodes(all)
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
  const told = new Nodes(counting({ a: 70_001, b: 70_001 }).all)
  told.tell('a')
  t.throws(() => told.tell('b'), { message })
  const asked = new Nodes(counting({ a: 70_001, b: 70_001, c: 70_002 }).all)
  t.throws(() => asked.get(70_002), { message })
  t.throws(() => asked.get(70_002), { message }, 'nor later')
  t.end()
})
