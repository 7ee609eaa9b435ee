import t from 'tap'
import { nodeId } from '../../../src/vfs/node-id.ts'
import { Driver } from '../../support/fs-driver.ts'
import { secret, table } from '../../support/tables.ts'

const ROOT = 1

t.test('a listing that goes on after a change misses nothing that was there all the time', (t) => {
  const names = Array.from({ length: 40 }, (_, index) => `secret-${index}`)
  for (const plus of [false, true]) {
    const driver = new Driver(table(names.map((name) => secret(name, name))))
    const seen: string[] = []
    let offset = 0
    for (let part = 0; ; part++) {
      const entries = driver.list(ROOT, offset, 1024, plus)
      if (typeof entries === 'number') throw new Error(`errno ${entries}`)
      if (entries.length === 0) break
      seen.push(...entries.map(({ name }) => name))
      offset = entries.at(-1)?.off ?? 0
      const [even, odd] = [names.filter((_, at) => at % 2 === 0), [`new-${part}`]]
      driver.replace(table([...even, ...odd].map((name) => secret(name, name))))
    }
    for (const [at, name] of names.entries()) {
      if (at % 2 === 0) t.ok(seen.includes(name), `${name} is listed`)
    }
    t.equal(new Set(seen).size, seen.length, 'nothing is listed twice')
    t.same(seen.slice(0, 2), ['.', '..'])
  }
  t.end()
})

t.test('READDIRPLUS is a lookup of each entry but the two dots', (t) => {
  const driver = new Driver(table([secret('d/a', 'one')]))
  const entries = driver.list(nodeId('directory', 'd'), 0, 4096, true)
  t.match(entries, [
    { name: '.', type: 4, ino: nodeId('directory', 'd'), entry: { nodeid: 0 } },
    { name: '..', type: 4, ino: ROOT, entry: { nodeid: 0 } },
    { name: 'a', type: 8, ino: nodeId('secret', 'd/a'), entry: driver.lookup(nodeId('directory', 'd'), 'a') },
  ])
  t.same(driver.list(ROOT, 0, 16, false), [], 'no room for one entry')
  t.end()
})
