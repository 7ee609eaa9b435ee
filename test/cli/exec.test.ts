import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mounted, workFolder } from '../support/mount.ts'
import { dist, hushfs, run, unhooked } from '../support/process.ts'
import { TestUnit } from '../support/units.ts'

const sentinel = 'hushfs-sentinel-41be'
const program = [process.execPath, join(dist, 'hushfs.js'), 'exec'] as const
const exec = (...args: string[]) => hushfs(['exec', ...args])

/** Secrets with variables, mounted. */
function served(t: Test, rule: object = {}) {
  return mounted(t, {
    secrets: {
      'app/env': { source: { text: `A="one 'two'"\nB=b\n` }, ...rule },
      more: { source: { text: `B=other\nPATH=/nonexistent:/usr/bin:/bin\n` } },
      broken: { source: { text: `A=1\n${sentinel}\n` } },
      failing: { source: { file: '/nonexistent' } },
    },
  })
}

t.test('the command gets the variables beside its environment, and its arguments as they are', async (t) => {
  const { place, configFile } = await served(t)
  const script = 'echo "$A|$B|$HOME|$*"'
  const args = ['sh', '-c', script, 'sh', '--json', '--', '007', '-1', 'a b', '']
  const done = await run('env', [
    'HOME=/h',
    ...program,
    '--mountpoint',
    place,
    '--env',
    'app/env',
    '--',
    ...args,
  ])
  t.match(done, { status: 0, stderr: '' })
  t.equal(done.stdout.toString(), `one 'two'|b|/h|--json -- 007 -1 a b \n`)

  const last = await exec('--mountpoint', place, '--env', 'app/env', '--env', 'more', '--', 'printenv', 'B')
  t.equal(last.stdout.toString(), 'other\n', 'the last one wins, and PATH is that of the command')
  const none = await exec('--mountpoint', place, '--', 'printenv', 'A')
  t.match(none, { status: 1 }, 'without --env nothing is added')
  t.match(await exec('--config', configFile, '--env', 'more', '--', 'true'), {
    status: 1,
    stderr: /\/run\/hushfs\/more/,
  })
})

t.test('a secret that can not be read: the command is not run', async (t) => {
  const folder = workFolder(t)
  const unit = new TestUnit(t)
  const { place } = await served(t, { units: [unit.name] })
  const marker = join(folder, 'ran')
  const args = (secret: string) => ['--mountpoint', place, '--env', secret, '--', 'touch', marker]
  const refused = await exec(...args('app/env'))
  t.match(refused, { status: 1, stderr: /app\/env: permission denied\n.*hushfs explain app\/env/ })
  t.match(await exec(...args('failing')), { status: 1, stderr: /failing: EIO\n.*hushfs status/ })
  t.match(await exec(...args('nothing')), { status: 1, stderr: /nothing: no such file/ })
  const broken = await exec(...args('broken'))
  t.match(broken, { status: 1, stderr: /broken:2: this is no assignment/ })
  t.notMatch(broken.stderr, sentinel)
  const other = await run('setpriv', ['--reuid=65534', '--clear-groups', ...program, ...args('more')])
  t.match(other, { status: 1, stderr: /more: permission denied/ }, 'it is read by who runs hushfs')
  t.notOk(existsSync(marker))

  const [command, ...rest] = program
  t.match(await unit.run(command, [...rest, ...args('app/env')]), { status: 0 }, 'in its unit')
  t.ok(existsSync(marker))
})

t.test('the exit status is that of the command, a signal that of the process', async (t) => {
  const of = async (...argv: string[]) => (await exec('--mountpoint', '/x', '--', ...argv)).status
  t.equal(await of('sh', '-c', 'exit 7'), 7)
  t.equal(await of('nonexistent-command'), 127)
  t.equal(await of('/etc/passwd'), 126)
  t.match(await exec('--mountpoint', '/x', '--', 'sh', '-c', 'kill -TERM $$'), { signal: 'SIGTERM' })
  const shell = `"$@"; echo $?`
  const seen = await run('sh', [
    '-c',
    shell,
    'sh',
    ...program,
    '--mountpoint',
    '/x',
    '--',
    'sh',
    '-c',
    'kill $$',
  ])
  t.equal(seen.stdout.toString(), '143\n', '128 + SIGTERM')
})

t.test('it is the same process, and gets what was sent to it', async (t) => {
  const argv = [
    '--mountpoint',
    '/x',
    '--',
    'sh',
    '-c',
    'trap "exit 9" TERM; echo $$; while :; do sleep 0.05; done',
  ]
  const child = spawn(...unhooked(program[0], [...program.slice(1), ...argv]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  t.equal(Number(line.toString()), child.pid)
  child.kill('SIGTERM')
  const [status] = (await once(child, 'close')) as [number]
  t.equal(status, 9)
})

t.test('nothing of Node is left: signals, streams, descriptors', async (t) => {
  const through = [
    '--mountpoint',
    '/x',
    '--',
    'sh',
    '-c',
    'grep ^SigIgn /proc/self/status; cat /proc/self/fdinfo/1',
  ]
  const done = await exec(...through)
  t.match(done.stdout.toString(), /^SigIgn:\t0+\n/)
  const [, flags = ''] = /^flags:\t(\d+)$/m.exec(done.stdout.toString()) ?? []
  t.equal(Number.parseInt(flags, 8) & 0o4000, 0, 'a pipe that blocks')
  const sockets = `exec 3</dev/null 4</dev/null; LISTEN_FDS=2 LISTEN_PID=$$ exec "$@"`
  const list = await run('sh', [
    '-c',
    sockets,
    'sh',
    ...program,
    '--mountpoint',
    '/x',
    '--',
    'readlink',
    '/proc/self/fd/3',
    '/proc/self/fd/4',
  ])
  t.equal(
    list.stdout.toString(),
    '/dev/null\n/dev/null\n',
    'what systemd passes to a socket-activated service',
  )
})

t.test('wrong usage', async (t) => {
  t.match(await exec('--mountpoint', '/x'), { status: 2, stderr: /which command\?/ })
  t.match(await exec('--mountpoint', '/x', '--env', '../etc', '--', 'true'), {
    status: 2,
    stderr: /the name/,
  })
  t.match(await exec('--mountpoint', '/x', 'true'), { status: 2, stderr: /unknown command: true/ })
  t.match(await exec('--config', '/nonexistent', '--', 'true'), { status: 2, stderr: /\/nonexistent/ })
})
