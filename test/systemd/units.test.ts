/** The unit that a rule names reads its secret, in every way in which units read files. */
import t from 'tap'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const units = ['foo.service']
const served = await serveHushfs(system, {
  secrets: {
    'foo/root': { source: { text: 'for root' }, units },
    'foo/app': { source: { text: 'for app' }, units, owner: 'app' },
    'foo/anyone': { source: { text: 'for anyone' }, units, mode: '0444' },
    'foo/strict': { source: { text: 'for the unit only' }, units, manager: false },
    'env/open': { source: { text: 'TOKEN=given\n' }, units },
    'env/strict': { source: { text: 'TOKEN=given\n' }, units, manager: false },
  },
})
const success = { result: 'success', status: 0 }
const refused = { result: 'exit-code', status: 1, output: /Permission denied/ }
const credential = 'ExecStart=cat ${CREDENTIALS_DIRECTORY}/token'

t.test('as root, as a static user, as a dynamic user', async (t) => {
  const root = await system.oneshot('foo.service', ['ExecStart=cat /run/hushfs/foo/root'])
  t.match(root, { ...success, output: 'for root\n' })
  const app = await system.oneshot('foo.service', ['User=app', 'ExecStart=cat /run/hushfs/foo/app'])
  t.match(app, { ...success, output: 'for app\n' })
  const dynamic = await system.oneshot('foo.service', [
    'DynamicUser=yes',
    'ExecStart=cat /run/hushfs/foo/anyone',
  ])
  t.match(dynamic, { ...success, output: 'for anyone\n' })
})

t.test('owner and mode hold for it too', async (t) => {
  const lines = ['User=app', 'ExecStart=cat /run/hushfs/foo/root']
  t.match(await system.oneshot('foo.service', lines), refused)
})

t.test('each open is in the audit, with the start of the unit', async (t) => {
  const lines = ['User=app', 'ExecStart=cat /run/hushfs/foo/app', 'ExecStart=printenv INVOCATION_ID']
  const { output } = await system.oneshot('foo.service', lines)
  t.match((await served.audit('foo/app')).at(-1), {
    operation: 'open',
    decision: 'allowed',
    rule: 'units',
    unit: 'foo.service',
    userUnit: null,
    invocation: output.trim().split('\n').at(-1),
    uid: 801,
    gid: 801,
    comm: 'cat',
    exe: '/usr/bin/cat',
  })
})

t.test('through LoadCredential=, which reads inside the cgroup of the unit', async (t) => {
  for (const user of ['DynamicUser=yes', 'User=app', 'User=root']) {
    const lines = [user, 'LoadCredential=token:/run/hushfs/foo/strict', credential]
    t.match(await system.oneshot('foo.service', lines), { ...success, output: 'for the unit only\n' }, user)
  }
  const other = ['DynamicUser=yes', 'LoadCredential=token:/run/hushfs/foo/strict', credential]
  t.match(await system.oneshot('bar.service', other), { result: 'exit-code', output: /^$/ })
})

t.test('through ImportCredential=, from a bind mount of the folder', async (t) => {
  await system.output(['mkdir', '-p', '/run/credstore'])
  await system.output(['mount', '--bind', '/run/hushfs/.units/foo.service/foo', '/run/credstore'])
  const lines = ['DynamicUser=yes', 'ImportCredential=strict']
  const started = await system.oneshot('foo.service', [...lines, credential.replace('token', 'strict')])
  t.match(started, { ...success, output: 'for the unit only\n' })
  const other = await system.oneshot('bar.service', [...lines, credential.replace('token', 'strict')])
  t.match(other, { result: 'exit-code', output: /^$/ })
  await system.output(['umount', '/run/credstore'])
})

t.test('through EnvironmentFile=, which PID 1 reads, only when `manager` allows it', async (t) => {
  const lines = (name: string) => [`EnvironmentFile=/run/hushfs/env/${name}`, 'ExecStart=printenv TOKEN']
  t.match(await system.oneshot('foo.service', lines('open')), { ...success, output: 'given\n' })
  t.match((await served.audit('env/open')).at(-1), { decision: 'allowed', rule: 'manager', pid: 1 })
  t.match(await system.oneshot('foo.service', lines('strict')), { result: 'resources', output: /^$/ })
  t.match((await served.audit('env/strict')).at(-1), {
    decision: 'denied',
    rule: 'manager',
    reason: 'manager: false refuses PID 1',
    unit: 'init.scope',
    pid: 1,
    uid: 0,
  })
})
