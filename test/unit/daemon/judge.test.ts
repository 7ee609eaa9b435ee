import t from 'tap'
import type { Config, SecretConfig, SourceSpec, VaultConfig } from '../../../src/config/config.ts'
import { judge, rulesOf, type Before, type Rules } from '../../../src/daemon/judge.ts'
import { value } from '../../support/tables.ts'

const nothing: Before = { value: undefined, last: undefined, staleSince: undefined }
const rules: Rules = { startTimeout: 30_000, maxStale: 0 }
const now = { wall: 5_000_000, monotonic: 1000 }
const unavailable = { failing: 'no answer', unavailable: true } as const
const ago = (time: number) => ({ wall: now.wall - time, monotonic: now.monotonic - time })
const pending = (since: number) => ({ pending: true, since }) as const

t.test('a value is served; its time is that of its source, or of the change that was seen', (t) => {
  const fresh = value('v', 11)
  t.match(judge(fresh, nothing, rules, now), { value: { changedAt: 11 }, state: 'fresh', retry: false })
  t.match(judge(fresh, { ...nothing, value: pending(0) }, rules, now), { value: { changedAt: 11 } })
  const known = { ...nothing, value: value('v', 7), last: value('v', 7) }
  t.match(judge(fresh, known, rules, now), { value: { changedAt: 7 } }, 'unchanged')
  const other = { ...nothing, value: value('w', 7), last: value('w', 7) }
  t.match(judge(fresh, other, rules, now), { value: { changedAt: 5000 } }, 'changed')
  const failed = { ...nothing, value: { failing: 'why' } }
  t.match(judge(fresh, failed, rules, now), { value: { changedAt: 5000 } }, 'it was not there')
  t.end()
})

t.test('a source that is broken has no value, at once, whatever was served before', (t) => {
  for (const before of [undefined, pending(900), value('v')]) {
    const verdict = judge(
      { failing: 'damaged' },
      { ...nothing, value: before },
      { ...rules, maxStale: 1e9 },
      now,
    )
    t.match(verdict, { value: { failing: 'damaged' }, state: 'failing', retry: false })
  }
  t.end()
})

t.test('readers of a source that is not there yet wait, as long as the start may take', (t) => {
  t.match(judge(unavailable, { ...nothing, value: pending(900) }, rules, now), {
    value: { pending: true, since: 900 },
    state: 'waiting',
    retry: true,
  })
  t.match(judge(unavailable, nothing, rules, now), {
    value: { pending: true, since: 1000 },
    state: 'waiting',
  })
  const late = { ...nothing, value: pending(1000 - 30_000) }
  t.match(judge(unavailable, late, rules, now), { value: unavailable, state: 'failing', retry: true })
  const failed = { ...nothing, value: { failing: 'no answer' } }
  t.match(judge(unavailable, failed, rules, now), { state: 'failing', retry: true }, 'it had its time')
  const atOnce = judge(unavailable, { ...nothing, value: pending(1000) }, { ...rules, startTimeout: 0 }, now)
  t.match(atOnce, { state: 'failing', retry: true })
  t.end()
})

t.test('the last value is served while its source cannot be asked, and not for longer than it may', (t) => {
  const before = { ...nothing, value: value('v') }
  const stale = { ...rules, maxStale: 1000 }
  t.match(judge(unavailable, before, stale, now), { value: before.value, state: 'stale', retry: true })
  t.match(judge(unavailable, { ...before, staleSince: ago(999) }, stale, now), { state: 'stale' })
  t.match(judge(unavailable, { ...before, staleSince: ago(1000) }, stale, now), { state: 'failing' })
  const setBack = { wall: now.wall - 86_400_000, monotonic: now.monotonic + 1000 }
  t.match(
    judge(unavailable, { ...before, staleSince: now }, stale, setBack),
    { state: 'failing' },
    'the clock was set back',
  )
  t.match(judge(unavailable, before, rules, now), { state: 'failing' }, 'a file that is gone is gone')
  t.end()
})

t.test(
  'what a secret may: of a vault what its server says, of a template what all of its inputs may',
  (t) => {
    const config = {
      startTimeout: 7,
      vaults: [{ name: 'main', maxStale: 60 } as VaultConfig],
    } as unknown as Config
    const rules = (source: object, patient = true) =>
      rulesOf({ source: source as SourceSpec } as SecretConfig, config, patient, (name) => name === 'served')
    t.strictSame(rules({ kind: 'vault', server: 'main' }), { startTimeout: 7000, maxStale: 60_000 })
    t.strictSame(rules({ kind: 'vault', server: 'gone' }, false), { startTimeout: 0, maxStale: 0 })
    t.match(rules({ kind: 'exec', maxStale: 5 }), { maxStale: 5000 })
    t.match(rules({ kind: 'age' }), { maxStale: 0 })
    const template = (...names: string[]) => ({
      kind: 'template',
      parts: names.map((secret) => ({ secret })),
    })
    t.match(rules(template('served')), { maxStale: Infinity })
    t.match(rules(template('served', 'other')), { maxStale: 0 })
    t.end()
  },
)
