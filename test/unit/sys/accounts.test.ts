import { execFileSync } from 'node:child_process'
import t from 'tap'
import { loadAccounts } from '../../../src/sys/accounts.ts'

t.test('the accounts of this host are those that id(1) knows', (t) => {
  const accounts = loadAccounts()
  for (const user of ['root', 'nobody', 'daemon']) {
    t.equal(accounts.uid(user), Number(execFileSync('id', ['-u', user])), user)
    const group = execFileSync('id', ['-gn', user]).toString().trim()
    t.equal(accounts.gid(group), Number(execFileSync('id', ['-g', user])), group)
  }
  t.equal(accounts.uid('no-such-user-here'), undefined)
  t.equal(accounts.gid('no-such-group-here'), undefined)
  t.end()
})

t.test('malformed lines are skipped, the first entry of a name counts', (t) => {
  const folder = t.testdir({
    passwd: `root:x:0:0:root:/root:/bin/sh
broken
short:x:5
empty::::::
:x:6:6:no name:/:/bin/sh
minus:x:-1:1:::
hex:x:0x10:1:::
large:x:4294967295:1:::
most:x:4294967294:1:::
long:x:99999999999999999999:1:::
7:x:1007:7:named like a number::
dup:x:1:1:::
dup:x:2:2:::
+nis::::::
`,
    group: 'root:x:0:\nadm:x:4:alice,bob\nshort:x\n8:x:1008:',
  })
  const accounts = loadAccounts(`${folder}/passwd`, `${folder}/group`)
  t.equal(accounts.uid('root'), 0)
  for (const name of ['broken', 'short', 'empty', '', 'minus', 'hex', 'large', 'long', '+nis'])
    t.equal(accounts.uid(name), undefined, name)
  t.equal(accounts.uid('most'), 4294967294)
  t.equal(accounts.uid('dup'), 1)
  t.equal(accounts.gid('adm'), 4)
  t.equal(accounts.gid('8'), 1008, 'the last line needs no newline')
  t.end()
})

t.test('numbers are themselves, and digits are a name first, as for chown', (t) => {
  const folder = t.testdir({ passwd: '7:x:1007:7:named like a number::\n', group: '' })
  const accounts = loadAccounts(`${folder}/passwd`, `${folder}/group`)
  t.equal(accounts.uid(7), 7)
  t.equal(accounts.uid('7'), 1007)
  t.equal(accounts.uid('1000'), 1000)
  t.equal(accounts.gid(4294967294), 4294967294)
  for (const id of [4294967295, -1, 1.5, Number.NaN]) t.equal(accounts.gid(id), undefined, String(id))
  t.end()
})

t.test('a file that is not there is an error', (t) => {
  t.throws(() => loadAccounts('/nonexistent/passwd'), { code: 'ENOENT' })
  t.end()
})
