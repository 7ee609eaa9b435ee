import t from 'tap'
import type { Credentials } from '../../../src/caller/credentials.ts'
import { permissionOf, whoPasses } from '../../../src/policy/permission.ts'

const OWNER = 70
const GROUP = 80
const file = (mode: number, directoryMode = 0o711) => ({ uid: OWNER, gid: GROUP, mode, directoryMode })
const who = (uid: number, gid: number, groups: number[] = [], capabilities = 0n): Credentials => ({
  uid,
  gid,
  groups,
  capabilities,
})

t.test('the first class that fits decides alone', (t) => {
  const owner = who(OWNER, GROUP)
  const member = who(1, GROUP)
  const supplementary = who(1, 1, [5, GROUP])
  const other = who(1, 1, [5])
  const cases: [mode: number, passes: Credentials[], refused: Credentials[]][] = [
    [0o400, [owner], [member, supplementary, other]],
    [0o040, [member, supplementary], [owner, other]],
    [0o004, [other], [owner, member, supplementary]],
    [0o444, [owner, member, supplementary, other], []],
    [0o333, [], [owner, member, supplementary, other]],
  ]
  for (const [mode, passes, refused] of cases) {
    for (const one of passes) t.ok(permissionOf(file(mode), one).allowed, mode.toString(8))
    for (const one of refused) t.notOk(permissionOf(file(mode), one).allowed, mode.toString(8))
  }
  t.match(permissionOf(file(0o040), member).reason, 'it is in the group: mode 0040 lets it read')
  t.match(permissionOf(file(0o040), owner).reason, "it is the owner: mode 0040 doesn't let it read")
  t.end()
})

t.test('capabilities pass any mode, root without them is a user', (t) => {
  for (const bit of [1n, 2n]) t.ok(permissionOf(file(0, 0), who(1, 1, [], 1n << bit)).allowed)
  t.notOk(permissionOf(file(0o400), who(0, 0, [], (1n << 41n) - 1n - 6n)).allowed)
  t.end()
})

t.test('the directories, which are root’s, must be searched too', (t) => {
  const owner = who(OWNER, GROUP)
  t.match(permissionOf(file(0o400, 0o700), owner), { allowed: false, reason: 'mode 0700 keep it out' })
  t.notOk(permissionOf(file(0o400, 0o744), owner).allowed, 'to list is not to search')
  t.ok(permissionOf(file(0o440, 0o710), who(OWNER, 1, [0])).allowed)
  t.end()
})

t.test('who passes', (t) => {
  t.equal(
    whoPasses(file(0o440)),
    'mode 0440 lets uid 70, gid 80 read, and CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH',
  )
  t.match(whoPasses(file(0o004)), 'lets all others read')
  t.match(whoPasses(file(0)), 'lets only CAP_DAC_OVERRIDE')
  t.match(whoPasses(file(0o400, 0o700)), 'as far as they may search the directories')
  t.end()
})
