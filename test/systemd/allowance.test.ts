/** `reads: once` and `reads: startup` count per start of the unit. */
import t from 'tap'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const units = ['foo.service', 'foo@*.service']
const secrets = {
  once: { source: { text: 'read' }, units, reads: 'once', mode: '0444' },
  other: { source: { text: 'read' }, units, reads: 'once', mode: '0444' },
  early: { source: { text: 'read' }, units, reads: { startup: '3s' }, mode: '0444' },
  env: { source: { text: 'TOKEN=read\n' }, units, reads: 'once' },
}
const served = await serveHushfs(system, { secrets })
const once = 'cat /run/hushfs/once'
const twice = '-cat /run/hushfs/once'
const refusedOnce = {
  decision: 'denied',
  rule: 'reads',
  reason: 'reads: once, and this start of the unit has opened it',
}

t.test('once: one open per start, of each secret, and another at the next start', async (t) => {
  const lines = [`ExecStart=${once}`, 'ExecStart=cat /run/hushfs/other', `ExecStart=${twice}`]
  for (const start of ['the first start', 'the second start']) {
    const { result, output } = await system.oneshot('foo.service', lines)
    t.equal(result, 'success', start)
    t.equal(output, 'read\nread\ncat: /run/hushfs/once: Permission denied\n', start)
    t.match((await served.audit('once')).at(-1), refusedOnce)
  }
})

t.test('once: what runs before the main process has the same allowance', async (t) => {
  const started = await system.oneshot('foo.service', [`ExecStartPre=${once}`, `ExecStart=${once}`])
  t.match(started, { result: 'exit-code', output: 'read\ncat: /run/hushfs/once: Permission denied\n' })
})

t.test('once: each instance of a template has its own', async (t) => {
  await system.install({
    'foo@.service': service(['Type=oneshot', `ExecStart=${once}`, `ExecStart=${twice}`]),
  })
  for (const instance of ['a', 'b'])
    t.match(await system.start(`foo@${instance}.service`), { output: /^read\n.*denied\n$/ }, instance)
})

t.test('once: a read through one descriptor, more than once, is one open', async (t) => {
  const { output } = await system.oneshot('foo.service', [
    "ExecStart=sh -c '{ cat; cat; } </run/hushfs/once'",
  ])
  t.equal(output, 'read\n')
})

t.test('once: LoadCredential= reads once for all commands from ExecStart= on', async (t) => {
  const read = (key: string) => `${key}=cat \${CREDENTIALS_DIRECTORY}/token`
  const lines = ['DynamicUser=yes', 'LoadCredential=token:/run/hushfs/once']
  const commands = [read('ExecStart'), read('ExecStart'), read('ExecStartPost')]
  for (const start of ['the first start', 'the second start'])
    t.match(
      await system.oneshot('foo.service', [...lines, ...commands]),
      { result: 'success', output: 'read\n'.repeat(commands.length) },
      start,
    )
})

t.test('once: PID 1 reads for every start', async (t) => {
  const lines = ['EnvironmentFile=/run/hushfs/env', 'ExecStart=printenv TOKEN']
  for (const start of ['the first start', 'the second start'])
    t.match(await system.oneshot('foo.service', lines), { result: 'success', output: 'read\n' }, start)
})

t.test('once: a unit that runs on, through a reload, a restart and a kill of the server', async (t) => {
  await system.install({
    'foo.service': service([`ExecStartPre=${once}`, 'ExecStart=sleep infinity', `ExecReload=${once}`]),
  })
  await system.output(['systemctl', 'start', 'foo.service'])
  const reads = async () => (await system.run(['systemctl', 'reload', 'foo.service'])).status === 0
  t.notOk(await reads(), 'used')

  await served.reload({ secrets: { ...secrets, more: { source: { text: 'new' } } } })
  t.notOk(await reads(), 'after a reload')
  await served.reload({ secrets: { ...secrets, once: { ...secrets.once, source: { text: 'renewed' } } } })
  t.notOk(await reads(), 'after a reload with a new value')

  await served.stop()
  await served.start()
  t.notOk(await reads(), 'after a restart of the server')

  await served.kill()
  await served.start()
  t.notOk(await reads(), 'after the server was killed')

  await system.output(['systemctl', 'restart', 'foo.service'])
  t.match((await served.audit('once')).at(-1), { decision: 'allowed' }, 'a new start of the unit')
  t.notOk(await reads(), 'used again')
  await system.output(['systemctl', 'stop', 'foo.service'])
})

t.test('startup: for a while after the start, and again after the next', async (t) => {
  const script =
    'cat /run/hushfs/early && echo && while cat /run/hushfs/early; do :; done >/dev/null 2>&1; echo over'
  for (const start of ['the first start', 'the second start']) {
    const started = await system.oneshot('foo.service', [`ExecStart=sh -c '${script}'`])
    t.match(started, { result: 'success', output: 'read\nover\n' }, start)
    t.match((await served.audit('early')).at(-1), {
      decision: 'denied',
      rule: 'reads',
      reason: 'reads: startup, and the unit started more than 3 s ago',
    })
  }
})
