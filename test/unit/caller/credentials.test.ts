import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readCredentials } from '../../../src/caller/credentials.ts'

const status = (uid: string, groups: string, capabilities = '000001ffffffffff') =>
  `Name:\tcat\nUmask:\t0022\nTgid:\t40\nUid:\t${uid}\nGid:\t5\t6\t7\t8\nGroups:\t${groups}\nCapEff:\t${capabilities}\n`

function proc(t: Test, text: string, namespace = 'user:[1]'): string {
  const root = t.testdir({ '40': { ns: {} }, self: { ns: {} } })
  writeFileSync(join(root, '40/status'), text)
  symlinkSync(namespace, join(root, '40/ns/user'))
  symlinkSync('user:[1]', join(root, 'self/ns/user'))
  return root
}

t.test('the filesystem ids, the supplementary groups and the effective capabilities', (t) => {
  t.strictSame(readCredentials(40, proc(t, status('1\t2\t3\t4', '10 20 '))), {
    uid: 4,
    gid: 8,
    groups: [10, 20],
    capabilities: 0x1ffffffffffn,
  })
  t.strictSame(readCredentials(40, proc(t, status('1\t2\t3\t4', ' ', '0')))?.groups, [])
  t.end()
})

t.test('capabilities of another user namespace are none here', (t) => {
  t.equal(readCredentials(40, proc(t, status('0\t0\t0\t0', ''), 'user:[2]'))?.capabilities, 0n)
  t.end()
})

t.test('no such thread, and what is no status', (t) => {
  t.equal(readCredentials(41, proc(t, status('1\t2\t3\t4', ''))), undefined)
  for (const text of ['', 'Uid:\t1\t2\t3\n', status('1\t2\t3', ''), status('1\t2\t3\t4', 'x')])
    t.equal(readCredentials(40, proc(t, text)), undefined)
  const empty = t.testdir({})
  mkdirSync(join(empty, '40'))
  t.equal(readCredentials(40, empty), undefined)
  t.end()
})

t.test('those of a real process', async (t) => {
  const options = ['--reuid=70', '--regid=71', '--groups=72,73', 'sh', '-c', 'echo; exec sleep 100']
  const child = spawn('setpriv', options, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await once(child.stdout, 'data')
  t.strictSame(readCredentials(child.pid ?? 0), { uid: 70, gid: 71, groups: [72, 73], capabilities: 0n })
})
