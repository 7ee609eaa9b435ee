/** Unit rules, `.self` and `.units` on a real mount, for processes in real cgroups. test/systemd has the same with a real systemd. */
import t from 'tap'
import { mounted } from '../support/mount.ts'
import { output, run } from '../support/process.ts'
import { TestUnit } from '../support/units.ts'

const NOBODY = 65_534

t.test('only processes of the unit read, root included', async (t) => {
  const [foo, bar] = [new TestUnit(t), new TestUnit(t)]
  const server = await mounted(t, {
    secrets: {
      ours: { source: { text: 'value' }, units: [foo.name] },
      free: { source: { text: 'free' } },
      nobodys: { source: { text: 'value' }, units: [] },
    },
  })
  const ours = server.path('ours')
  t.equal((await foo.cat(ours)).stdout.toString(), 'value')
  for (const done of [await bar.cat(ours), await run('cat', [ours]), await foo.cat(server.path('nobodys'))]) {
    t.equal(done.stdout.length, 0)
    t.match(done.stderr, 'Permission denied')
  }
  t.match((await foo.runAs(NOBODY, 'cat', ours)).stderr, 'Permission denied', 'the mode holds too')
  t.equal((await bar.cat(server.path('free'))).stdout.toString(), 'free')
  t.match(await server.status(), { counters: { refused: 3 } }, 'the kernel refused nobody itself')
})

t.test('a descriptor that another unit inherits reads nothing', async (t) => {
  const [foo, bar] = [new TestUnit(t), new TestUnit(t)]
  const server = await mounted(t, {
    secrets: { ours: { source: { text: 'value' }, units: [foo.name] } },
  })
  const script = 'echo $$ > "$1" && cat'
  const moved = await foo.run('sh', ['-c', `exec < "$0"; ${script}`, server.path('ours'), bar.processes])
  t.equal(moved.stdout.length, 0)
  t.match(moved.stderr, 'Permission denied')
  const stayed = await foo.run('sh', ['-c', 'exec < "$0"; cat', server.path('ours')])
  t.equal(stayed.stdout.toString(), 'value')
})

t.test('.self is the view of the unit that asks, and nobody else’s', async (t) => {
  const [foo, bar] = [new TestUnit(t), new TestUnit(t)]
  const server = await mounted(t, {
    secrets: {
      'db/ours': { source: { text: 'ours' }, units: [foo.name] },
      'db/theirs': { source: { text: 'theirs' }, units: [bar.name] },
    },
  })
  const self = server.path('.self')
  const link = async (unit: TestUnit) => (await unit.run('readlink', [self])).stdout.toString()
  // One after the other, so that an answer that was cached would show.
  for (let round = 0; round < 3; round++) {
    t.equal(await link(foo), `.units/${foo.name}\n`)
    t.equal(await link(bar), `.units/${bar.name}\n`)
    t.equal((await foo.cat(`${self}/db/ours`)).stdout.toString(), 'ours')
    t.match((await bar.cat(`${self}/db/ours`)).stderr, 'No such file')
    t.equal((await bar.cat(`${self}/db/theirs`)).stdout.toString(), 'theirs')
  }
  t.match((await foo.cat(server.path(`.units/${bar.name}/db/theirs`))).stderr, 'Permission denied')
})

t.test('.self of a process in no unit is not there', async (t) => {
  const server = await mounted(t, { secrets: { a: { source: { text: 'x' } } } })
  const { status, stderr } = await run('cat', [server.path('.self/a')])
  t.equal(status, 1)
  t.match(stderr, 'No such file or directory')
})

t.test('.units/UNIT is listed by its unit and by root only', async (t) => {
  const [foo, bar] = [new TestUnit(t), new TestUnit(t)]
  const server = await mounted(t, {
    secrets: { 'db/ours': { source: { text: 'x' }, units: [foo.name], owner: NOBODY } },
  })
  const view = server.path(`.units/${foo.name}`)
  t.equal(
    (await foo.runAs(NOBODY, 'ls', '-R', view)).stdout.toString(),
    `${view}:\ndb\n\n${view}/db:\nours\n`,
  )
  t.equal((await foo.runAs(NOBODY, 'cat', `${view}/db/ours`)).stdout.toString(), 'x')
  t.equal((await output('ls', [view])).toString(), 'db\n', 'root, from anywhere')
  const refused = [
    await bar.runAs(NOBODY, 'ls', view),
    await bar.runAs(NOBODY, 'ls', `${view}/db`),
    await run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'ls', view]),
  ]
  for (const { status, stdout, stderr } of refused) {
    t.equal(status, 2)
    t.equal(stdout.toString(), '')
    t.match(stderr, /Permission denied|No such file/)
  }
  t.equal((await output('ls', [server.path('.units')])).toString(), `${foo.name}\n`)
  t.match((await foo.runAs(NOBODY, 'ls', server.path('.units'))).stderr, 'Permission denied')
})

t.test('an instance finds what its template is given', async (t) => {
  const instance = new TestUnit(t, 'b@daily.service')
  const template = instance.name.replace('@daily', '@')
  const server = await mounted(t, {
    secrets: {
      all: { source: { text: 'all' }, units: [instance.name.replace('daily', '*')] },
      daily: { source: { text: 'daily' }, units: [instance.name] },
      weekly: { source: { text: 'weekly' }, units: [instance.name.replace('daily', 'weekly')] },
    },
  })
  const view = server.path(`.units/${template}`)
  t.equal((await instance.run('ls', [view])).stdout.toString(), 'all\ndaily\nweekly\n')
  t.equal((await instance.cat(`${view}/all`)).stdout.toString(), 'all')
  t.equal((await instance.cat(`${view}/daily`)).stdout.toString(), 'daily')
  t.match((await instance.cat(`${view}/weekly`)).stderr, 'Permission denied')
  t.equal((await instance.run('ls', [server.path('.self/')])).stdout.toString(), 'all\ndaily\n')
})

t.test('a reload takes a view away, and gives it', async (t) => {
  const [foo, bar] = [new TestUnit(t), new TestUnit(t)]
  const config = (unit: TestUnit) => ({ secrets: { 'db/a': { source: { text: 'x' }, units: [unit.name] } } })
  const server = await mounted(t, config(foo))
  t.equal((await foo.cat(server.path('.self/db/a'))).stdout.toString(), 'x')
  await server.reloaded(config(bar))
  t.equal((await foo.cat(server.path('.self/db/a'))).stdout.toString(), '')
  t.equal((await bar.cat(server.path('.self/db/a'))).stdout.toString(), 'x')
})

t.test('reads: once, over a restart of the server, and anew at the next start', async (t) => {
  const foo = new TestUnit(t)
  foo.started('a'.repeat(32))
  const config = { secrets: { a: { source: { text: 'x' }, units: [foo.name], reads: 'once' } } }
  const first = await mounted(t, config)
  t.equal((await foo.cat(first.path('a'))).stdout.toString(), 'x')
  t.match((await foo.cat(first.path('a'))).stderr, 'Permission denied')
  await first.reloaded({ ...config, directoryMode: '0755' })
  t.match((await foo.cat(first.path('a'))).stderr, 'Permission denied', 'after a reload')
  first.signal('SIGTERM')
  await first.ended
  const second = await mounted(t, config, { folder: first.folder })
  t.match((await foo.cat(second.path('a'))).stderr, 'Permission denied', 'after a restart')
  foo.started('b'.repeat(32))
  t.equal((await foo.cat(second.path('a'))).stdout.toString(), 'x')
})
