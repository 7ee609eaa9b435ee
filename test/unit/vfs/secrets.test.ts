import t from 'tap'
import { NO_RULE } from '../../../src/policy/rules.ts'
import { nodeId } from '../../../src/vfs/node-id.ts'
import { packTable } from '../../../src/vfs/packed-table.ts'
import { Secrets } from '../../../src/vfs/secrets.ts'
import type { SecretEntry } from '../../../src/vfs/table.ts'

const head = { generation: 3, directoryMode: 0o711, changedAt: 1_700_000_000 }
const pending = { pending: true, since: 5.5 } as const
const present = {
  size: 3,
  version: 2 ** 51 + 1,
  changedAt: 1_700_000_001,
  sealed: new Uint8Array(39).fill(7),
  at: 0,
}
const rule = {
  units: ['a.service'],
  userUnits: undefined,
  manager: false,
  reads: { kind: 'once' },
} as const
const entries: readonly SecretEntry[] = [
  { name: 'a', uid: 0, gid: 0xfffffffe, mode: 0o400, rule: NO_RULE, value: pending },
  { name: 'b/c', uid: 0xfffffffe, gid: 1, mode: 0o777, rule, value: present },
  { name: '\u00e4', uid: 2, gid: 3, mode: 0, rule: NO_RULE, value: { failing: 'why', unavailable: true } },
  { name: 'e', uid: 2, gid: 3, mode: 0, rule, value: pending },
  { name: 'f', uid: 2, gid: 3, mode: 0, rule, value: pending },
]

/** As the other thread has them. */
const secretsOf = (secrets: readonly SecretEntry[]) =>
  new Secrets(structuredClone(packTable({ ...head, secrets })))

t.test('secrets are the same behind a thread', (t) => {
  const secrets = secretsOf(entries)
  const found = [...secrets].map(({ path, access: { uid, gid, mode, rule }, value }) => {
    return { name: path, uid, gid, mode, rule: rule.rule, value }
  })
  t.strictSame(found, entries)
  t.equal(secrets.length, entries.length)
  t.equal(secrets.at(0).value, secrets.at(3).value, 'what entries share they share there')
  t.equal(secrets.at(3).access, secrets.at(4).access)
  t.equal(secrets.at(1).access.rule, secrets.at(3).access.rule, 'one rule for all that have it')
  t.not(secrets.at(2).access, secrets.at(3).access)
  t.strictSame(secrets.rules, [NO_RULE, rule])
  t.end()
})

t.test('a node is found by its path, is made once, and has the value of now', (t) => {
  const secrets = secretsOf(entries)
  const file = secrets.find('b/c')
  t.match(file, { kind: 'secret', path: 'b/c', name: 'c', id: nodeId('secret', 'b/c') })
  t.equal(secrets.find('b/c'), file)
  t.equal(secrets.at(1), file)
  for (const path of ['', 'b', 'c', 'b/c/', 'a\nb/c']) t.equal(secrets.find(path), undefined, path)
  secrets.put(1, { failing: 'gone' })
  t.strictSame(file?.value, { failing: 'gone' })
  t.strictSame(secrets.valueAt(0), pending, 'those of others stay')
  t.ok(secrets.haveFolders)
  t.notOk(secretsOf(entries.slice(0, 1)).haveFolders)
  t.end()
})

t.test('an empty table', (t) => {
  const secrets = secretsOf([])
  t.equal(secrets.length, 0)
  t.strictSame([...secrets], [])
  t.equal(secrets.find(''), undefined)
  t.end()
})
