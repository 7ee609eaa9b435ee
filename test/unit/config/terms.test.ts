import t from 'tap'
import { TermsMaker } from '../../../src/config/terms.ts'

const full = (): Parameters<TermsMaker['of']>[0] => ({
  owner: 'app',
  group: 7,
  mode: '0440',
  units: ['a.service'],
  userUnits: ['alice/a.service'],
  manager: false,
  reads: { startup: '5s' },
  restartUnits: ['b.service'],
  reloadUnits: ['c.service'],
})

t.test('secrets for which the same is said share it, whatever lies between', (t) => {
  const terms = new TermsMaker()
  const plain = terms.of({})
  const first = terms.of(full())
  t.equal(terms.of({ owner: undefined }), plain)
  t.equal(terms.of(full()), first)
  t.equal(terms.of({}), plain)
  t.not(new TermsMaker().of({}), plain)
  t.end()
})

t.test('each key makes a difference', (t) => {
  const terms = new TermsMaker()
  const one = full()
  const all = [terms.of(one)]
  for (const key of Object.keys(one)) {
    // The last one that was asked for differs in nothing else, not even in the arrays that it holds.
    terms.of(one)
    all.push(terms.of({ ...one, [key]: undefined }))
  }
  all.push(terms.of({ ...full(), owner: '1' }), terms.of({ ...full(), owner: 1 }))
  all.push(terms.of({ ...full(), units: [] }), terms.of({ ...full(), reads: { startup: '6s' } }))
  t.equal(new Set(all).size, all.length)
  t.end()
})
