/** What is called foo.service, or shows itself as foo.service, and isn't the system's unit of that name. */
import { rmdirSync } from 'node:fs'
import t from 'tap'
import { run } from '../support/process.ts'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { installProgram } from '../support/systemd/programs.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const mode = '0444'
const served = await serveHushfs(system, {
  secrets: {
    token: { source: { text: 'for foo' }, units: ['foo.service'], mode },
    'alice/token': { source: { text: "for alice's" }, userUnits: ['alice/foo.service'], mode },
  },
})
const cat = ['cat', '/run/hushfs/token']
const refused = { status: 1, stderr: /Permission denied/ }
const last = async (name = 'token') => (await served.audit(name)).at(-1)

t.test('the unit itself may read, in namespaces of its own too', async (t) => {
  for (const namespace of ['--mount', '--pid', '--cgroup', '--user'])
    t.match(
      await system.oneshot('foo.service', [`ExecStart=unshare ${namespace} --fork ${cat.join(' ')}`]),
      { result: 'success', output: 'for foo\n' },
      namespace,
    )
})

/** Run a program as foo.service of a user's own manager. */
function asUserUnit(user: string, uid: number, argv: readonly string[]) {
  const asked = [
    'systemd-run',
    '--user',
    '--quiet',
    '--collect',
    '--wait',
    '--pipe',
    '--unit=foo.service',
    '--',
    ...argv,
  ]
  return system.run(['env', `XDG_RUNTIME_DIR=/run/user/${uid}`, ...asked], { user })
}

t.test(
  "a user manager's unit of that name: refused by `units`, allowed by that user's `userUnits`",
  async (t) => {
    await system.output(['systemctl', 'start', 'user@1000.service', 'user@1001.service'])

    t.match(await asUserUnit('alice', 1000, cat), refused)
    t.match(await last(), {
      decision: 'denied',
      reason: 'user@1000.service is none of the units that may read',
      unit: 'user@1000.service',
      userUnit: 'foo.service',
      uid: 1000,
    })

    const hers = ['cat', '/run/hushfs/alice/token']
    const allowed = await asUserUnit('alice', 1000, hers)
    t.match(allowed, { status: 0 })
    t.equal(allowed.stdout.toString(), "for alice's")
    t.match(await asUserUnit('bob', 1001, hers), refused)
    t.match(await system.oneshot('foo.service', [`ExecStart=${hers.join(' ')}`]), { result: 'exit-code' })
    t.match(await last('alice/token'), { decision: 'denied', unit: 'foo.service', userUnit: null })
  },
)

/** A delegated unit that makes this cgroup below its own, and reads from there. */
async function fromBelow(unit: string, cgroup: string, argv: readonly string[]) {
  const below = `/sys/fs/cgroup/system.slice/${unit}/${cgroup}`
  const script = `mkdir -p ${below} && echo $$$$ >${below}/cgroup.procs && exec ${argv.join(' ')}`
  return system.oneshot(unit, ['Delegate=yes', `ExecStart=sh -c '${script}'`])
}

t.test('a cgroup of that name inside of a delegated unit', async (t) => {
  const started = await fromBelow('box.service', 'foo.service', cat)
  t.match(started, { result: 'exit-code', status: 1, output: /Permission denied/ })
  t.match(await last(), { decision: 'denied', unit: 'box.service' })
})

t.test('foo.service of a container, which sees itself at the same path as the real one', async (t) => {
  const cgroup = '/sys/fs/cgroup/system.slice/box.service/system.slice/foo.service'
  const inner = ['#!/bin/sh', `echo $$ >${cgroup}/cgroup.procs`, 'grep ^0:: /proc/self/cgroup', cat.join(' ')]
  system.write('/usr/local/bin/inner', inner.join('\n'), 0o755)
  const contained = 'unshare --cgroup --pid --fork --mount-proc /usr/local/bin/inner'
  const box = `sh -c 'mkdir -p ${cgroup} && exec ${contained}'`
  const started = await system.oneshot('box.service', ['Delegate=yes', `ExecStart=${box}`])
  t.match(started, {
    result: 'exit-code',
    status: 1,
    output: /^0::\/system.slice\/foo.service\n.*Permission denied/,
  })
  t.match(await last(), { decision: 'denied', unit: 'box.service' })
})

t.test('foo.service.slice: a scope in it, and a process in the slice itself', async (t) => {
  const scope = ['systemd-run', '--quiet', '--scope', '--slice=foo.service.slice', '--unit=in.scope', '--']
  t.match(await system.run([...scope, ...cat]), refused)
  t.match(await last(), { decision: 'denied', unit: 'in.scope' })

  await system.output(['systemctl', 'start', 'foo.service.slice'])
  t.match(await system.run(cat, { cgroup: '/foo.service.slice' }), refused)
  t.match(await last(), { decision: 'denied', unit: null, reason: 'its cgroup is a slice' })
})

t.test('a process in the cgroup of PID 1 that is not PID 1', async (t) => {
  t.match(await system.run(cat, { cgroup: '/init.scope' }), refused)
  t.match(await last(), { decision: 'denied', unit: 'init.scope', rule: 'units' })
})

t.test('a unit whose name only begins or ends with it', async (t) => {
  for (const name of ['foo.service.service', 'x-foo.service', 'foo@.service.service', 'foo.socket.service'])
    t.match(await system.oneshot(name, [`ExecStart=${cat.join(' ')}`]), { output: /Permission denied/ }, name)
})

t.test('a reader outside of the cgroup namespace', async (t) => {
  const [, ...entered] = system.entering(cat).slice(3)
  t.match(await run('nsenter', entered), refused)
  t.match(await last(), {
    decision: 'denied',
    reason: "its cgroup is outside of the server's cgroup namespace",
    unit: null,
  })
})

t.test('a reader outside of the pid namespace, even in the cgroup of the unit', async (t) => {
  await system.install({ 'foo.service': '[Service]\nExecStart=sleep infinity\n' })
  await system.output(['systemctl', 'start', 'foo.service'])
  const procs = system.path('/sys/fs/cgroup/system.slice/foo.service/cgroup.procs')
  const file = system.path('/run/hushfs/token')
  t.match(await run('sh', ['-c', 'echo $$ >"$0" && exec cat "$1"', procs, file]), refused)
  t.match(await last(), {
    decision: 'denied',
    reason: 'the caller is in another pid namespace',
    unit: null,
    pid: null,
    tid: 0,
  })
  await system.output(['systemctl', 'stop', 'foo.service'])
})

t.test('a thread that was moved to another cgroup than its process', async (t) => {
  // Threads of one process can only be apart below a cgroup of type `threaded`.
  const base = '/sys/fs/cgroup/threads.slice'
  const units = ['foo.service', 'bar.service']
  const make = units.map((unit) => `mkdir -p ${base}/${unit} && echo threaded >${base}/${unit}/cgroup.type`)
  await system.output(['sh', '-c', make.join(' && ')])
  installProgram(system, 'thread-apart.py')

  const argv = ['thread-apart.py', `${base}/foo.service`, `${base}/bar.service`, '/run/hushfs/token']
  t.equal(await system.output(argv), 'for foo\nEACCES\n')
  const record = await last()
  t.match(record, { decision: 'denied', unit: 'bar.service' })
  t.not(record?.tid, record?.pid)

  for (const unit of units) rmdirSync(system.path(`${base}/${unit}`))
})
