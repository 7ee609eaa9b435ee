import t from 'tap'
import { version } from '../../../src/base/version.ts'
import { statusFacts } from '../../../src/daemon/status-facts.ts'
import { entriesOf, secret, table } from '../../support/tables.ts'

const running = {
  mountPoint: '/run/hushfs',
  config: '/etc/hushfs/hushfs.yaml',
  startedAt: '2026-01-02T03:04:05.000Z',
}

t.test('counts, and names what fails with its reason', (t) => {
  const secrets = [
    secret('good', 'sentinel-81c4'),
    secret('bad', '', { value: { failing: 'no identity fits' } }),
  ]
  const facts = statusFacts(
    running,
    entriesOf(table(secrets, { generation: 3 })),
    { count: 2, last: null },
    {
      failing: new Map([['bad', { since: 0 }]]),
      stale: new Map([['good', { since: 1000, reason: 'no answer' }]]),
    },
  )
  t.same(facts, {
    version,
    pid: process.pid,
    ...running,
    generation: 3,
    secrets: { total: 2, failing: 1, stale: 1, pending: 0 },
    failing: [{ name: 'bad', reason: 'no identity fits', since: '1970-01-01T00:00:00.000Z' }],
    stale: [{ name: 'good', reason: 'no answer', since: '1970-01-01T00:00:01.000Z' }],
    reloads: { count: 2, last: null },
  })
  t.end()
})

t.test('of nothing', (t) => {
  const facts = statusFacts(
    running,
    entriesOf(table([], { generation: 0 })),
    { count: 0, last: null },
    { failing: new Map(), stale: new Map() },
  )
  t.match(facts, { generation: 0, secrets: { total: 0, failing: 0 }, failing: [] })
  t.end()
})
