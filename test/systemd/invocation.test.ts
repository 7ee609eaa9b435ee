/** What tells the starts of a unit apart, where PID 1 notes them in a way of its own. */
import t from 'tap'
import { CallerIdentifier } from '../../src/caller/identify.ts'
import type { InUnit } from '../../src/caller/cgroup.ts'
import { hierarchyOf } from '../support/systemd/hierarchy.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'
import { until } from '../support/until.ts'

const system = await bootSystemd(t)
const procRoot = system.path('/proc')
const identifier = new CallerIdentifier({
  procRoot,
  hierarchy: hierarchyOf(system),
  unitsFolder: system.path('/run/systemd/units'),
})
const sleep = 'ExecStart=sleep infinity'
const control = (...argv: string[]) => system.output(['systemctl', ...argv])
const show = async (unit: string, property: string) =>
  (await control('show', `--property=${property}`, '--value', unit)).trim()

function placementOf(pid: number): InUnit {
  const caller = identifier.identify(pid, 0, 0)
  if ('unknown' in caller || 'none' in caller.placement) throw new Error(`process ${pid} is in no unit`)
  return caller.placement
}

/** What hushfs says of the start of this unit, checked against systemd's own word. */
async function startOf(unit: string, pid?: number) {
  const placement = placementOf(pid ?? Number(await show(unit, 'MainPID')))
  const start = identifier.invocation(placement)
  if (start === undefined) throw new Error(`the start of ${unit} is not known`)
  const age = Date.now() - start.startedAt
  if (age < 0 || age > 60_000) throw new Error(`${unit} can't have been started ${age} ms ago`)
  return { ...start, id: identifier.invocationId(placement), shown: await show(unit, 'InvocationID') }
}

/** Resolves when another main process than this one runs. */
async function restarted(unit: string, before: string): Promise<void> {
  await until(`${unit} runs again`, async () => !['0', before].includes(await show(unit, 'MainPID')))
}

t.test('a start anew is another, with its own time; reloads of systemd change nothing', async (t) => {
  await system.install({ 'plain.service': service([sleep]) })
  await control('start', 'plain.service')
  const first = await startOf('plain.service')
  t.equal(first.id, first.shown)

  await control('daemon-reload')
  await control('daemon-reexec')
  t.strictSame(await startOf('plain.service'), first)

  await control('restart', 'plain.service')
  const second = await startOf('plain.service')
  t.not(second.key, first.key)
  t.equal(second.id, second.shown)
  t.ok(second.startedAt > first.startedAt)
})

for (const mode of ['normal', 'direct'])
  for (const delegate of [[], ['Delegate=yes', 'User=alice']])
    t.test(
      `restarted by itself, RestartMode=${mode}, ${delegate.join(' ') || 'not delegated'}`,
      async (t) => {
        const unit = `again-${mode}-${delegate.length}.service`
        const restart = ['Restart=always', `RestartMode=${mode}`, 'RestartSec=0']
        await system.install({ [unit]: service([sleep, ...restart, ...delegate]) })
        await control('start', unit)
        const first = await startOf(unit)
        const before = await show(unit, 'MainPID')
        await control('kill', '--signal=KILL', unit)
        await restarted(unit, before)
        const second = await startOf(unit)
        t.not(second.key, first.key)
        if (delegate.length > 0 && mode === 'direct') {
          // Only the cgroup has the new id, and it belongs to the service: the older start is what root's note says.
          t.equal(second.startedAt, first.startedAt)
          return
        }
        t.equal(second.id, second.shown)
        t.ok(second.startedAt > first.startedAt)
      },
    )

t.test('KillMode=process leaves a process and so the cgroup: the next start is another', async (t) => {
  const lines = ['Type=forking', 'KillMode=process', 'ExecStart=sh -c "sleep infinity & sleep infinity &"']
  await system.install({ 'leaving.service': service(lines) })
  await control('start', 'leaving.service')
  const [left = 0] = await processes('leaving.service')
  const first = await startOf('leaving.service', left)
  await control('stop', 'leaving.service')
  t.equal(
    identifier.invocation(placementOf(left))?.key,
    first.key,
    'what is left belongs to the start before',
  )
  await control('start', 'leaving.service')
  const second = await startOf('leaving.service', left)
  t.not(second.key, first.key)
  t.equal(second.id, second.shown)
})

async function processes(unit: string): Promise<number[]> {
  const text = await system.output(['cat', `/sys/fs/cgroup/system.slice/${unit}/cgroup.procs`])
  return text.split('\n').filter(Boolean).map(Number)
}

t.test('ExecReload= of a unit without processes gets another cgroup, of the same start', async (t) => {
  const reload = 'ExecReload=sh -c "echo $$$$ > /run/reloading; read line < /run/go"'
  const lines = ['Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=true', reload]
  await system.install({ 'remaining.service': service(lines) })
  await control('start', 'remaining.service')
  await system.output(['mkfifo', '/run/go', '/run/reloading'])
  const starts = []
  for (let round = 0; round < 2; round++) {
    const reloading = control('reload', 'remaining.service')
    const pid = Number(await system.output(['cat', '/run/reloading']))
    starts.push(await startOf('remaining.service', pid))
    await system.output(['sh', '-c', 'echo > /run/go'])
    await reloading
  }
  t.strictSame(starts[0], starts[1])
  t.equal(starts[0]?.id, starts[0]?.shown)
})

t.test('a delegated cgroup: the owner can set its attributes, but no other start', async (t) => {
  const lines = ['Delegate=yes', 'User=alice', sleep]
  await system.install({ 'delegated.service': service(lines) })
  await control('start', 'delegated.service')
  const first = await startOf('delegated.service')
  const forge = `
    import os
    place = '/sys/fs/cgroup/system.slice/delegated.service'
    os.setxattr(place, 'user.invocation_id', b'f' * 32)
    os.removexattr(place, 'user.delegate')
    os.utime(place, (2e9, 2e9))`
  const program = forge.replaceAll('\n    ', '\n')
  await system.output(['python3', '-c', program], { user: 'alice' })
  t.strictSame(await startOf('delegated.service'), first)
  t.equal(first.id, first.shown)
})

t.test('scopes and user managers have starts, PID 1 has none', async (t) => {
  await control('start', 'user@1000.service')
  const manager = await startOf('user@1000.service')
  t.equal(manager.id, manager.shown)
  await system.install({
    'scoping.service': service(['ExecStart=systemd-run --scope --unit=made sleep infinity']),
  })
  await control('start', 'scoping.service')
  await until('the scope is there', async () => (await show('made.scope', 'ActiveState')) === 'active')
  const [pid = 0] = await processes('made.scope')
  const scope = await startOf('made.scope', pid)
  t.equal(scope.id, scope.shown)
  t.equal(identifier.invocation(placementOf(1)), undefined)
  t.equal(identifier.invocationId(placementOf(1)), undefined)
})
