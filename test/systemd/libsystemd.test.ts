/** Our reading of cgroup paths against libsystemd's own, of every process of a running system with units of many kinds. */
import t from 'tap'
import { placeCgroup } from '../../src/caller/cgroup.ts'
import { installProgram } from '../support/systemd/programs.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
installProgram(system, 'list-units.c')

const names = [
  ...['plain.service', 'foo@a-b\\x2dc.service', 'foo@a@b.service', `${'x'.repeat(247)}.service`],
  ...['_under.service', '__under.service', 'cgroup.service', 'cgroup.procs.service', 'memory.service'],
  ...['tasks.service', 'a:b.service', 'a.service.service', 'user@1000.service.service'],
]
/** Made by hand: what systemd itself never makes, and its library still has an answer for. */
const strange = [
  ...['/outside/foo.service', '/foo.service', '/foo.service.slice', '/foo.service.slice/bar.service'],
  ...[
    '/system.slice/no-unit',
    '/system.slice/foo@.service',
    '/a b.service',
    '/-.slice',
    '/a.slice/b.slice/c.slice',
  ],
  ...[
    '/system.slice/plain.service/sub/other.service',
    '/_a.slice/x.service',
    '/__x.service',
    '/_',
    '/_.service',
  ],
  ...['/user.slice/user-1000.slice/user@1000.service/app.slice/hand.service', '/user@7.service/x.service'],
  ...['/user@7.service/app.slice', '/user.slice/user-5.slice/session-9.scope', '/x@y.slice/z.service'],
  ...['/a--b.slice/x.service', '/-a.slice/x.service', '/a-.slice/x.service', '/foo..service', '/.service'],
  ...[
    '/é.service',
    '/foo\\x.service',
    '/foo.bogus',
    '/foo.mount/x',
    '/foo.device',
    '/user@x.service/a.service',
  ],
  ...[
    '/system.slice/user@1000.service/a.service',
    '/user@01.service/a.service',
    '/user@4294967295.service/a.service',
  ],
]

t.test('every process has the unit, the user unit and the slice that libsystemd names', async (t) => {
  const text = service(['Delegate=yes', 'ExecStart=sleep infinity', 'ExecStartPost=true'])
  await system.install(Object.fromEntries(names.map((name) => [name, text])))
  await system.output(['systemctl', 'start', ...names, 'user@1000.service'])
  const user = [
    'env',
    'XDG_RUNTIME_DIR=/run/user/1000',
    'systemd-run',
    '--user',
    '--quiet',
    '--unit=app@1.service',
  ]
  await system.output([...user, 'sleep', 'infinity'], { user: 'alice' })
  for (const path of strange) {
    const place = `/sys/fs/cgroup${path}`
    const script = 'mkdir -p "$0" && echo $$ >"$0/cgroup.procs" && { sleep infinity & } >/dev/null 2>&1'
    await system.output(['sh', '-c', script, place])
  }

  const lines = (await system.output(['list-units'])).trimEnd().split('\n')
  t.ok(lines.length > names.length + strange.length)
  const seen = new Set<string>()
  for (const line of lines) {
    const [pid = '', path = '', unit, userUnit, slice] = line.split('\t')
    seen.add(path)
    const placed = placeCgroup(path)
    const ours = 'none' in placed ? { unit: '-', userUnit: '-' } : placed
    t.strictSame({ unit: ours.unit, userUnit: ours.userUnit ?? '-' }, { unit, userUnit }, `${pid} ${path}`)
    if (!('none' in placed)) t.equal(placed.slice, slice, `slice of ${path}`)
  }
  for (const path of strange) t.ok(seen.has(path), `${path} was asked about`)
})
