/** Rules by the names that systemd gives: instances of templates, globs, escapes, names that a cgroup can't bear, the longest. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const longest = `${'x'.repeat(247)}.service`
const longestInstance = `y@${'z'.repeat(245)}.service`

/** Rules, the units that each lets read, and those that it doesn't. */
const cases: readonly { units: readonly string[]; allowed: readonly string[]; refused: readonly string[] }[] =
  [
    {
      units: ['backup@*.service'],
      allowed: ['backup@daily.service', 'backup@a@b.service'],
      refused: ['backup.service', 'backups@daily.service'],
    },
    {
      units: ['backup@daily.service', 'web-?.service'],
      allowed: ['backup@daily.service', 'web-1.service'],
      refused: ['backup@weekly.service', 'web-10.service', 'web-.service'],
    },
    {
      units: ['foo@a-b\\x2dc.service'],
      allowed: ['foo@a-b\\x2dc.service'],
      refused: ['foo@a-b-c.service', 'foo@a-bx2dc.service', 'foo@a.service'],
    },
    {
      units: ['foo@*\\x2dc.service'],
      allowed: ['foo@b\\x2dc.service'],
      refused: ['foo@b-c.service'],
    },
    {
      // systemd escapes these cgroups with `_`.
      units: ['_under.service', 'cgroup.service', 'memory.service'],
      allowed: ['_under.service', 'cgroup.service', 'memory.service'],
      refused: ['under.service', '__under.service', '_cgroup.service'],
    },
    {
      units: [longest, longestInstance],
      allowed: [longest, longestInstance],
      refused: [longest.slice(1), longestInstance.replace('zz.', 'z.')],
    },
    { units: ['*.service'], allowed: ['any.service', 'any@b.service'], refused: [] },
    { units: [], allowed: [], refused: ['any.service'] },
  ]

const served = await serveHushfs(system, {
  secrets: {
    container: { source: { text: 'read' }, units: ['machine-*.scope'] },
    ...Object.fromEntries(
      cases.map(({ units }, index) => [`secret-${index}`, { source: { text: 'read' }, units, mode: '0444' }]),
    ),
  },
})

for (const [index, { units, allowed, refused }] of cases.entries())
  t.test(units.join(' ').slice(0, 60) || 'no unit at all', async (t) => {
    // A unit with the longest name can't write to the journal (systemd 257).
    const lines = ['StandardOutput=truncate:/run/said', 'StandardError=null']
    const text = service(['Type=oneshot', ...lines, `ExecStart=cat /run/hushfs/secret-${index}`])
    const said = () => readFileSync(system.path('/run/said'), 'utf8')
    await system.install(Object.fromEntries([...allowed, ...refused].map((unit) => [unit, text])))
    for (const unit of allowed) {
      t.match(await system.start(unit), { result: 'success' }, `${unit} may`)
      t.equal(said(), 'read')
    }
    for (const unit of refused) {
      t.match(await system.start(unit), { result: 'exit-code', status: 1 }, `${unit} may not`)
      t.equal(said(), '')
      t.match((await served.audit(`secret-${index}`)).at(-1), { decision: 'denied', unit })
    }
  })

/** Reads in a scope of this name, from a cgroup below it, as the services of a container do. */
function fromScope(scope: string, secret: string) {
  const below = `/sys/fs/cgroup/machine.slice/${scope}/payload/system.slice/any.service`
  const script = `mkdir -p ${below} && echo $$ >${below}/cgroup.procs && exec cat /run/hushfs/${secret}`
  const asked = ['--quiet', '--scope', '--slice=machine.slice', '--property=Delegate=yes', `--unit=${scope}`]
  return system.run(['systemd-run', ...asked, '--', 'sh', '-c', script])
}

t.test('scopes by a glob: all of a container, and nothing of its services by their names', async (t) => {
  const allowed = await fromScope('machine-web.scope', 'container')
  t.equal(allowed.stdout.toString(), 'read')
  const refused = { status: 1, stderr: /Permission denied/ }
  t.match(await fromScope('other-web.scope', 'container'), refused)
  t.match(await fromScope('machine-web.scope', 'secret-6'), refused)
})
