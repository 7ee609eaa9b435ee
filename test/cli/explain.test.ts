import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mounted, workFolder, writeConfig } from '../support/mount.ts'
import { hushfs, run } from '../support/process.ts'
import { TestUnit } from '../support/units.ts'

/** `hushfs explain` with a configuration of these secrets; no server runs. */
function explainer(t: Test, secrets: object, rest: object = {}) {
  const folder = workFolder(t)
  const file = join(folder, 'hushfs.yaml')
  writeConfig(file, { secrets, ...rest })
  return (...args: string[]) => hushfs(['explain', '--config', file, ...args])
}

const source = { text: 'hunter2' }
const verdictsOf = (text: Buffer | string) =>
  (JSON.parse(text.toString()) as { rules: { rule: string; outcome: string; reason: string }[] }).rules

t.test('a supposed unit: each rule in order, and the verdict', async (t) => {
  const explain = explainer(t, {
    'db/password': {
      source,
      owner: 70,
      group: 80,
      mode: '0440',
      units: ['app.service', 'b@*.service'],
      reads: 'once',
    },
  })
  const may = await explain('db/password', '--unit', 'app.service')
  t.equal(may.status, 0)
  t.strictSame(may.stdout.toString().split('\n'), [
    'db/password, for a process of app.service',
    '  1. mode   undecided  mode 0440 lets uid 70, gid 80 read, and CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH',
    '  2. unit   passes     app.service matches app.service',
    '  3. reads  undecided  reads: once, at the first open after each start of the unit',
    'may read',
    '',
  ])
  t.equal(may.stderr, '')
  t.equal((await explain('db/password', '--unit', 'b@x.service')).status, 0)
  const other = await explain('db/password', '--unit', 'other.service')
  t.equal(other.status, 1)
  t.match(other.stdout.toString(), '2. unit   refuses    other.service is none of the units that may read\n')
  t.match(other.stdout.toString(), '3. reads  skipped    the unit rule refuses\nmay not read\n')
})

t.test('users’ units, PID 1, slices', async (t) => {
  const explain = explainer(t, {
    u: { source, userUnits: ['daemon/a.service'], reads: { startup: '5m' } },
    m: { source, units: [], manager: false },
  })
  const status = async (...args: string[]) => (await explain(...args)).status
  t.equal(await status('u', '--unit', 'daemon/a.service'), 0)
  t.equal(await status('u', '--unit', 'a.service'), 1, 'a look-alike')
  t.equal(await status('u', '--unit', 'root/a.service'), 1)
  t.equal(await status('u', '--unit', 'init.scope'), 0)
  t.equal(await status('m', '--unit', 'init.scope'), 1)
  t.equal(await status('u', '--unit', 'a.slice'), 1)
  const { stdout } = await explain('u', '--unit', 'daemon/a.service', '--json')
  t.match(verdictsOf(stdout), [
    { rule: 'mode', outcome: 'undecided' },
    { rule: 'unit', outcome: 'passes', reason: /^a\.service of user \d+ matches a\.service$/ },
    { rule: 'reads', outcome: 'undecided', reason: 'reads: startup, for 300 s after each start of the unit' },
  ])
  t.match(verdictsOf((await explain('u', '--unit', 'init.scope', '--json')).stdout)[2], { outcome: 'passes' })
})

/** A process of a unit, as a user, that lives as long as the test. */
async function sleeper(t: Test, unit: TestUnit, id: number): Promise<number> {
  const script =
    'echo $$ > "$0"; exec setpriv --reuid="$1" --regid="$1" --clear-groups sh -c "echo; exec sleep 100"'
  const child = spawn('sh', ['-c', script, unit.processes, String(id)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

t.test('a process: by its unit, user and groups, now', async (t) => {
  const [foo, bar] = [new TestUnit(t), new TestUnit(t)]
  const explain = explainer(t, {
    ours: { source, owner: 70, units: [foo.name] },
    others: { source, mode: '0444' },
  })
  const pid = String(await sleeper(t, foo, 70))
  const may = await explain('ours', '--pid', pid)
  t.equal(may.status, 0)
  t.match(may.stdout.toString(), new RegExp(`^ours, for \\w+\\[${pid}\\] of uid 70 in ${foo.name}\n`))
  t.match(may.stdout.toString(), '1. mode   passes     it is the owner: mode 0400 lets it read')
  const wrongUser = await explain('ours', '--pid', String(await sleeper(t, foo, 71)))
  t.equal(wrongUser.status, 1)
  t.match(wrongUser.stdout.toString(), "1. mode   refuses    it is another: mode 0400 doesn't let it read")
  t.match(wrongUser.stdout.toString(), '2. unit   passes')
  const wrongUnit = await explain('ours', '--json', '--pid', String(await sleeper(t, bar, 70)))
  t.equal(wrongUnit.status, 1)
  t.match(JSON.parse(wrongUnit.stdout.toString()), {
    secret: 'ours',
    may: false,
    failing: null,
    caller: { unit: bar.name, userUnit: null, uid: 70, gid: 70, groups: [] },
    rules: [{ outcome: 'passes' }, { outcome: 'refuses' }, { outcome: 'skipped' }],
  })
})

t.test('without an option it is for hushfs itself', async (t) => {
  const foo = new TestUnit(t)
  const folder = workFolder(t)
  const file = join(folder, 'hushfs.yaml')
  writeConfig(file, { secrets: { a: { source, units: [foo.name] } } })
  const program = [join(import.meta.dirname, '../../dist/hushfs.js'), 'explain', '--config', file, 'a']
  t.equal((await foo.run(process.execPath, program)).status, 0)
  t.equal((await run(process.execPath, program)).status, 1)
})

t.test('what is left of reads: once is that of the mount', async (t) => {
  const foo = new TestUnit(t)
  foo.started('c'.repeat(32))
  const server = await mounted(t, {
    mountPoint: 'mnt',
    secrets: {
      a: { source, units: [foo.name], reads: 'once' },
    },
  })
  const explain = (name: string, pid: number) =>
    hushfs(['explain', '--config', server.configFile, name, '--pid', String(pid)])
  const pid = await sleeper(t, foo, 0)
  t.match((await explain('a', pid)).stdout.toString(), '3. reads  passes     reads: once')
  t.equal((await foo.cat(server.path('a'))).stdout.toString(), 'hunter2')
  const used = await explain('a', pid)
  t.equal(used.status, 1)
  t.match(
    used.stdout.toString(),
    '3. reads  refuses    reads: once, and this start of the unit has opened it',
  )
})

t.test('it agrees with the mount', async (t) => {
  const foo = new TestUnit(t)
  const server = await mounted(t, {
    mountPoint: 'mnt',
    secrets: {
      owned: { source, owner: 70, units: [foo.name] },
      grouped: { source, group: 70, mode: '0040' },
      closed: { source, owner: 70, units: [] },
      free: { source, mode: '0004' },
      limited: { source, mode: '0444', reads: 'once' },
    },
  })
  for (const [id, unit] of [
    [70, foo],
    [71, foo],
    [0, foo],
  ] as const) {
    const pid = await sleeper(t, unit, id)
    for (const name of ['owned', 'grouped', 'closed', 'free', 'limited']) {
      const said = await hushfs(['explain', '--config', server.configFile, name, '--pid', String(pid)])
      const done = await unit.runAs(id, 'cat', server.path(name))
      t.equal(said.status, done.status, `${name} for ${id}: ${said.stdout.toString()}`)
    }
  }
})

t.test('a value that cannot be opened, and an owner that does not exist', async (t) => {
  const server = await mounted(t, {
    mountPoint: 'mnt',
    secrets: { bad: { source: { file: '/nonexistent' } }, lost: { source, owner: 'neverheard' } },
  })
  const bad = await hushfs(['explain', '--config', server.configFile, 'bad'])
  t.equal(bad.status, 0, 'it may read; there is nothing to read')
  t.match(bad.stderr, "bad can't be read by anyone now (EIO): /nonexistent: no such file")
  const json = await hushfs(['explain', '--json', '--config', server.configFile, 'bad'])
  t.match(JSON.parse(json.stdout.toString()), { may: true, failing: '/nonexistent: no such file' })
  const lost = await hushfs(['explain', '--config', server.configFile, 'lost'])
  t.equal(lost.status, 1)
  t.match(lost.stdout.toString(), '1. mode   refuses    owner neverheard is not in /etc/passwd')
})

t.test('wrong words are wrong usage', async (t) => {
  const explain = explainer(t, { 'db/password': { source } })
  const wrong: [string[], string | RegExp][] = [
    [['db/pasword'], 'declares no secret db/pasword\nhushfs: hint: did you mean db/password?'],
    [['db/password', '--pid', '1', '--unit', 'a.service'], 'mutually exclusive'],
    [['db/password', '--pid', 'x'], 'there is no process or thread x'],
    [['db/password', '--pid', '4194399'], 'there is no process or thread 4194399'],
    [['db/password', '--unit', 'b@.service'], 'is a template: name an instance'],
    [['db/password', '--unit', 'app'], 'app is not the name of a unit'],
    [['db/password', '--unit', 'neverheard/a.service'], 'user neverheard is not in /etc/passwd'],
    [[], /not enough/],
  ]
  for (const [args, message] of wrong) {
    const { status, stdout, stderr } = await explain(...args)
    t.equal(status, 2, args.join(' '))
    t.match(stderr, message)
    t.equal(stdout.length, 0)
  }
  t.match((await explainer(t, {})('a')).stderr, 'hint: `hushfs set NAME` makes one')
})
