import t from 'tap'
import { packTable, unpackTable } from '../../../src/daemon/packed-table.ts'
import { NO_RULE } from '../../../src/policy/rules.ts'
import type { SecretTable } from '../../../src/vfs/table.ts'

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
const table: SecretTable = {
  ...head,
  secrets: [
    { name: 'a', uid: 0, gid: 0xfffffffe, mode: 0o400, rule: NO_RULE, value: pending },
    { name: 'b/c', uid: 0xfffffffe, gid: 1, mode: 0o777, rule, value: present },
    { name: 'd', uid: 2, gid: 3, mode: 0, rule: NO_RULE, value: { failing: 'why', unavailable: true } },
    { name: 'e', uid: 2, gid: 3, mode: 0, rule, value: pending },
  ],
}

t.test('a table is the same behind a thread', (t) => {
  const { secrets, ...others } = unpackTable(structuredClone(packTable(table)))
  const unpacked = { ...others, secrets: [...secrets] }
  t.strictSame(unpacked, table)
  t.equal(unpacked.secrets[1]?.rule, unpacked.secrets[3]?.rule, 'what entries share they share there')
  t.equal(unpacked.secrets[0]?.value, unpacked.secrets[3]?.value)
  t.end()
})

t.test('an empty table', (t) => {
  const { secrets, ...others } = unpackTable(structuredClone(packTable({ ...head, secrets: [] })))
  t.strictSame({ ...others, secrets: [...secrets] }, { ...head, secrets: [] })
  t.end()
})
