/** Owner, group and mode, as the kernel checks them. */
import t from 'tap'
import { catAs, mounted } from '../support/mount.ts'
import { hushfs, output, run } from '../support/process.ts'

/** Numbers that no account of the host needs to have. */
const ALICE = 70_001
const BOB = 70_002
const TEAM = 70_100
const NOBODY = 65_534

t.test('user, group, supplementary groups and others', async (t) => {
  const source = { text: 'value' }
  const server = await mounted(t, {
    secrets: {
      private: { source },
      'of/alice': { source, owner: ALICE, group: ALICE },
      'of/team': { source, group: TEAM, mode: '0440' },
      'of/others': { source, owner: ALICE, group: TEAM, mode: '0004' },
      'of/all': { source, mode: '0444' },
      'of/none': { source, owner: ALICE, mode: '0000' },
    },
  })
  const readers: Record<string, [uid: number, gid: number, groups: number[]]> = {
    root: [0, 0, []],
    alice: [ALICE, ALICE, []],
    bob: [BOB, BOB, []],
    'bob in the team': [BOB, BOB, [TEAM, ALICE]],
    'bob of the team': [BOB, TEAM, []],
    nobody: [NOBODY, NOBODY, []],
  }
  const may: Record<string, string[]> = {
    private: ['root'],
    'of/alice': ['root', 'alice'],
    'of/team': ['root', 'bob in the team', 'bob of the team'],
    // The first class that matches decides: the owner and the group are no others.
    'of/others': ['root', 'bob', 'nobody'],
    'of/all': Object.keys(readers),
    'of/none': ['root'],
  }
  for (const [name, allowed] of Object.entries(may)) {
    for (const [who, [uid, gid, groups]] of Object.entries(readers)) {
      const { status, stdout, stderr } = await catAs(uid, gid, groups, server.path(name))
      const reads = allowed.includes(who)
      t.equal(stdout.toString(), reads ? 'value' : '', `${name} as ${who}`)
      t.equal(status, reads ? 0 : 1)
      if (!reads) t.match(stderr, 'Permission denied')
    }
  }
})

t.test('a descriptor that root opened is readable by the one who inherits it', async (t) => {
  const server = await mounted(t, { secrets: { private: { source: { text: 'value' } } } })
  const script = 'exec setpriv --reuid=70001 --regid=70001 --clear-groups cat < "$0"'
  t.equal((await output('sh', ['-c', script, server.path('private')])).toString(), 'value')
})

t.test('folders can be entered but not listed, unless directoryMode says so', async (t) => {
  const secrets = { 'db/token': { source: { text: 'value' }, mode: '0444' } }
  const closed = await mounted(t, { secrets })
  t.equal((await catAs(NOBODY, NOBODY, [], closed.path('db/token'))).stdout.toString(), 'value')
  const list = (place: string) =>
    run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'ls', place])
  t.match((await list(closed.place)).stderr, 'Permission denied')
  t.match((await list(closed.path('db'))).stderr, 'Permission denied')

  const open = await mounted(t, { secrets, directoryMode: '0755' })
  t.equal((await list(open.path('db'))).stdout.toString(), 'token\n')
})

t.test('names of the host are owners; an unknown one fails its secret only', async (t) => {
  const source = { text: 'value' }
  const server = await mounted(t, {
    secrets: {
      known: { source, owner: 'daemon', group: 'daemon', mode: '0440' },
      owner: { source, owner: 'no-such-user', mode: '0444' },
      group: { source, group: 'no-such-group', mode: '0444' },
    },
  })
  t.match(server.log, 'ready: 3 secrets (2 failing)')
  t.equal((await output('stat', ['--format=%U:%G', server.path('known')])).toString(), 'daemon:daemon\n')
  t.equal((await server.cat('known')).toString(), 'value')
  for (const [name, reason] of [
    ['owner', 'owner no-such-user is not in /etc/passwd'],
    ['group', 'group no-such-group is not in /etc/group'],
  ] as const) {
    t.match((await run('cat', [server.path(name)])).stderr, 'Input/output error')
    t.match(server.log, `secret ${name}: ${reason}`)
    t.ok((await server.status()).failing.some((one) => one.name === name && one.reason === reason))
  }

  const check = await hushfs(['check', '--config', server.configFile])
  t.equal(check.status, 1)
  t.match(check.stdout.toString() + check.stderr, 'no-such-user')
})
