/** Secrets without a unit rule, read in the ways in which units read files: owner, group and mode decide. */
import t from 'tap'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const served = await serveHushfs(system, {
  secrets: {
    'foo/token': { source: { text: 'for root' } },
    'foo/app': { source: { text: 'for app' }, owner: 'app' },
    'foo/env': { source: { text: 'TOKEN="from a file"\n' } },
  },
})
const success = { result: 'success', status: 0 }

t.test('as root', async (t) => {
  const started = await system.oneshot('foo.service', ['ExecStart=cat /run/hushfs/foo/token'])
  t.match(started, { ...success, output: 'for root\n' })
})

t.test('as a static user: its own, and no other', async (t) => {
  const own = await system.oneshot('foo.service', ['User=app', 'ExecStart=cat /run/hushfs/foo/app'])
  t.match(own, { ...success, output: 'for app\n' })
  const other = await system.oneshot('foo.service', ['User=app', 'ExecStart=cat /run/hushfs/foo/token'])
  t.match(other, { result: 'exit-code', status: 1, output: /Permission denied/ })
})

t.test('as a dynamic user: LoadCredential=, and not directly', async (t) => {
  const loaded = await system.oneshot('foo.service', [
    'DynamicUser=yes',
    'LoadCredential=token:/run/hushfs/foo/token',
    'ExecStart=cat ${CREDENTIALS_DIRECTORY}/token',
  ])
  t.match(loaded, { ...success, output: 'for root\n' })
  const direct = await system.oneshot('foo.service', [
    'DynamicUser=yes',
    'ExecStart=cat /run/hushfs/foo/token',
  ])
  t.match(direct, { result: 'exit-code', status: 1, output: /Permission denied/ })
})

t.test('ImportCredential=, from a bind mount of the folder', async (t) => {
  await system.output(['mkdir', '-p', '/run/credstore'])
  await system.output(['mount', '--bind', '/run/hushfs/foo', '/run/credstore'])
  const imported = await system.oneshot('foo.service', [
    'DynamicUser=yes',
    'ImportCredential=token',
    'ExecStart=cat ${CREDENTIALS_DIRECTORY}/token',
  ])
  t.match(imported, { ...success, output: 'for root\n' })
})

t.test('EnvironmentFile=', async (t) => {
  const started = await system.oneshot('foo.service', [
    'EnvironmentFile=/run/hushfs/foo/env',
    'DynamicUser=yes',
    'ExecStart=printenv TOKEN',
  ])
  t.match(started, { ...success, output: 'from a file\n' })
})

t.test('a changed value, after a reload', async (t) => {
  await served.reload({ secrets: { 'foo/token': { source: { text: 'renewed' } } } })
  t.match(await system.start('foo.service'), { result: 'resources' }, 'the file of EnvironmentFile= is gone')
  const started = await system.oneshot('foo.service', ['ExecStart=cat /run/hushfs/foo/token'])
  t.match(started, { ...success, output: 'renewed\n' })
})

t.test('the service stops, and its mount is gone', async (t) => {
  await system.output(['umount', '/run/credstore'])
  await served.stop()
  t.notMatch(await system.output(['cat', '/proc/self/mountinfo']), 'fuse.hushfs')
})
