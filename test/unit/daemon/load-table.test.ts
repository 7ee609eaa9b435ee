import t from 'tap'
import type { Config, SecretConfig, Terms } from '../../../src/config/config.ts'
import { entryMaker, loadTable } from '../../../src/daemon/load-table.ts'
import { TermsMaker } from '../../../src/config/terms.ts'
import type { Accounts } from '../../../src/sys/accounts.ts'
import type { EntryValue } from '../../../src/vfs/table.ts'
import { value } from '../../support/tables.ts'

const known = new Map<string | number, number>([
  ['root', 0],
  ['alice', 1001],
  [1234, 1234],
])
const accounts: Accounts = { uid: (user) => known.get(user), gid: (group) => known.get(group) }
const makeEntry = entryMaker(accounts)

function secret(name: string, rest: Partial<Terms> = {}): SecretConfig {
  return {
    name,
    source: { kind: 'text', value: 'unused' },
    terms: { ...new TermsMaker().of({}), ...rest },
  }
}

function config(secrets: SecretConfig[], rest: Partial<Config> = {}): Config {
  const paths = { file: '/c/hushfs.yaml', folder: '/c', mountPoint: '/run/hushfs', store: '/c/store' }
  return {
    ...paths,
    identities: [],
    vaults: [],
    directoryMode: 0o711,
    startTimeout: 30,
    polling: 0,
    secrets,
    ...rest,
  }
}

/** The table of some names and values, by name. */
function load(values: Record<string, EntryValue>, previous?: ReturnType<typeof loadTable>, now = 100) {
  const secrets = Object.keys(values).map((name) => secret(name))
  return loadTable(config(secrets), makeEntry, Object.values(values), previous, now)
}

t.test('owners are resolved, modes taken over', (t) => {
  const secrets = [
    secret('a', { owner: 'alice', group: 1234, mode: 0o640 }),
    secret('b', { owner: 1234, group: 'alice' }),
  ]
  const table = loadTable(
    config(secrets, { directoryMode: 0o755 }),
    makeEntry,
    [value('1'), value('2')],
    undefined,
    100,
  )
  t.match(table, { generation: 1, directoryMode: 0o755, changedAt: 100 })
  t.match(table.secrets, [
    { name: 'a', uid: 1001, gid: 1234, mode: 0o640, value: { size: 1 } },
    { name: 'b', uid: 1234, gid: 1001, mode: 0o400 },
  ])
  t.end()
})

t.test('an unknown owner or group fails its secret alone and leaves the file to root', (t) => {
  const secrets = [
    secret('a', { owner: 'nobody-here', group: 'alice' }),
    secret('b', { owner: 'alice', group: 4321 }),
    secret('c'),
  ]
  const table = loadTable(config(secrets), makeEntry, [value('1'), value('2'), value('3')], undefined, 100)
  t.match(table.secrets, [
    { uid: 0, gid: 0, value: { failing: 'owner nobody-here is not in /etc/passwd' } },
    { uid: 0, gid: 0, value: { failing: 'group 4321 is not in /etc/group' } },
    { value: { size: 1 } },
  ])
  t.end()
})

t.test('the time of the directories changes with the set of names alone', (t) => {
  const first = load({ a: value('1'), b: value('2') }, undefined, 100)
  t.equal(load({ b: value('new'), a: value('1') }, first, 200).changedAt, 100)
  t.equal(load({ a: value('1') }, first, 200).changedAt, 200)
  t.equal(load({ a: value('1'), c: value('2') }, first, 200).changedAt, 200)
  t.end()
})

t.test('a secret for which no value came fails', (t) => {
  const table = loadTable(config([secret('a'), secret('b')]), makeEntry, [value('1')], undefined, 100)
  t.same(table.secrets[1]?.value, { failing: 'it was not opened' })
  t.end()
})
