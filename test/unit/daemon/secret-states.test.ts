import t from 'tap'
import type { Config, SecretConfig } from '../../../src/config/config.ts'
import { TermsMaker } from '../../../src/config/terms.ts'
import { SecretStates } from '../../../src/daemon/secret-states.ts'
import type { Accounts } from '../../../src/sys/accounts.ts'
import { value } from '../../support/tables.ts'

const accounts: Accounts = { uid: () => 0, gid: () => 0 }
const at = (monotonic: number) => ({ wall: 1_000_000 + monotonic, monotonic })

function secret(name: string): SecretConfig {
  const source = { kind: 'file', path: `/s/${name}` } as const
  return { name, source, terms: new TermsMaker().of({}) }
}

function config(names: readonly string[]): Config {
  const paths = { file: '/c/hushfs.yaml', folder: '/c', mountPoint: '/run/hushfs', store: '/c/store' }
  const rest = { identities: [], vaults: [], directoryMode: 0o711, startTimeout: 0, polling: 0 }
  return { ...paths, ...rest, secrets: names.map(secret) }
}

const unavailable = { failing: 'not there', unavailable: true } as const

t.test('after a reload, names stand for the places of the new configuration', (t) => {
  const states = new SecretStates(config(['b', 'c']), accounts, undefined, false, at(0))
  const first = [
    { index: 0, value: value('of b') },
    { index: 1, value: unavailable },
  ]
  states.take(first, at(1))
  t.equal(states.placeOf('c'), 1)
  states.replace(config(['a', 'b', 'c']), accounts, [value('of a'), value('of b'), unavailable], at(2))
  t.strictSame(
    ['a', 'b', 'c', 'd'].map((name) => states.placeOf(name)),
    [0, 1, 2, undefined],
  )
  t.ok(states.isKnown('a'))
  t.strictSame(
    states.takeDue(at(1e9)),
    { ofVaults: [], others: [2] },
    'c is asked for again, not another one',
  )
  states.replace(config(['c']), accounts, [unavailable], at(3))
  t.strictSame(
    ['b', 'c'].map((name) => states.placeOf(name)),
    [undefined, 0],
  )
  t.strictSame(states.takeDue(at(2e9)), { ofVaults: [], others: [0] })
  t.end()
})
