import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { HUSHFS } from '../support/run-hushfs.ts'
import { contents, tryOut, type TryOut } from '../support/try-out.ts'
import { until } from '../support/until.ts'

t.setTimeout(120_000)

const sentinel = 'sentinel-77b2f0'

/** An editor made of shell lines; `$1` is the file. */
function editor(on: TryOut, ...lines: string[]): NodeJS.ProcessEnv {
  const file = join(on.folder, 'editor.sh')
  writeFileSync(file, `#!/bin/sh\n${lines.join('\n')}\n`)
  chmodSync(file, 0o755)
  return { EDITOR: file, VISUAL: '' }
}

const value = async (on: TryOut, name: string) => (await on.run(['get', name])).stdout

/** Where the editor has its file: whatever `edit` chooses, the host must never see one there. */
const hostCopies = (name: string) =>
  ['/dev/shm', '/run', '/tmp'].map((folder) => join(folder, name)).filter(existsSync)

t.test('the edited value is stored', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'db/password'], { input: 'one\n' })
  const done = await on.run(['edit', 'db/password'], { env: editor(on, 'echo two >> "$1"') })
  t.match(done, { status: 0, stdout: '', stderr: /db\/password: sealed for 1 recipient/ })
  t.equal(await value(on, 'db/password'), 'one\ntwo\n')
})

t.test('the file is on a ramfs, every other mount is read-only, and nothing is left', async (t) => {
  const on = await tryOut(t.testdir({}))
  const name = `edit-${randomUUID()}`
  await on.run(['set', name], { input: sentinel })
  const before = contents(on.folder)
  const env = editor(
    on,
    'echo "file $1 $(stat -f -c %T "$1") $(stat -c %a "$1") $(cat "$1")"',
    'echo "tmpdir $TMPDIR"',
    `for at in "${on.folder}" "${on.store}" "$HOME" /tmp /var/tmp /run; do touch "$at/${name}.copy" && echo "wrote $at"; done`,
    'sed "s/^/mount /" /proc/self/mountinfo',
  )
  const { status, stdout, stderr } = await on.run(['edit', name], { env })
  t.equal(status, 0)
  t.match(stdout, new RegExp(`^file /.*/${name} ramfs 600 ${sentinel}\n`))
  t.notMatch(stdout, 'wrote')
  t.match(stderr, 'Read-only file system')
  t.match(stderr, `${name}: unchanged, nothing is written`)
  const mounts = stdout.split('\n').filter((line) => line.startsWith('mount '))
  const writable = mounts.filter((line) => /^rw[, ]/.test(line.split(' ')[6] ?? ''))
  t.ok(mounts.length > 1)
  t.equal(writable.length, 1, 'one mount can be written')
  t.match(writable[0], / - ramfs ramfs /)
  const folder = /^tmpdir (.*)$/m.exec(stdout)?.[1] ?? ''
  t.equal(writable[0]?.split(' ')[5], folder, 'and temporary files go there')
  t.same(contents(on.folder), {
    ...before,
    'editor.sh': readFileSync(join(on.folder, 'editor.sh'), 'latin1'),
  })
  t.same(hostCopies(name), [])
})

/** Processes with `mark` in their environment. */
function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)
      } catch {
        return false
      }
    })
    .map(Number)
}

t.test('after SIGKILL neither editor nor file are there', async (t) => {
  const on = await tryOut(t.testdir({}))
  const name = `edit-${randomUUID()}`
  await on.run(['set', name], { input: sentinel })
  const mark = randomUUID()
  const env = editor(on, 'echo "$1"', 'sleep 1000 & wait')
  const child = spawn(process.execPath, [HUSHFS, 'edit', name, '--config', on.config], {
    env: { ...process.env, ...env, MARK: mark },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [file] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const seen = marked(mark).filter((pid) => existsSync(`/proc/${pid}/root${file}`))
  t.ok(seen.length > 1, 'control: the file is seen through the root of the processes in the namespace')
  t.same(hostCopies(name), [], 'and not from outside')
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
  await until('every process of the editor is gone', () => marked(mark).length === 0)
  t.same(hostCopies(name), [])
  t.equal(await value(on, name), sentinel)
})

t.test('an editor that fails or can not be used changes nothing', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'a'], { input: sentinel })
  const file = join(on.folder, 'editor.sh')
  const cases: [string[], RegExp][] = [
    [['echo changed > "$1"', 'exit 3'], /ended with status 3/],
    [['echo changed > "$1"', 'kill -9 $$'], /ended with (SIGKILL|status 137)/],
    [['rm "$1"'], /no such file/],
    [['head -c 1048577 /dev/zero > "$1"'], /larger than 1048576 bytes/],
  ]
  for (const [lines, reason] of cases) {
    const env = editor(on, ...lines)
    const before = contents(on.folder)
    const done = await on.run(['edit', 'a'], { env })
    t.match(done, { status: 1, stdout: '', stderr: reason }, lines.join('; '))
    t.match(done.stderr, 'a is as it was')
    t.notMatch(done.stderr, sentinel)
    t.same(contents(on.folder), before)
  }
  t.match(await on.run(['edit', 'a'], { env: { EDITOR: `${file}.none`, VISUAL: '' } }), {
    status: 1,
    stderr: /status 127[^]*VISUAL or EDITOR names another one/,
  })
  t.match(await on.run(['edit', 'a'], { env: { ...editor(on), PATH: on.folder } }), {
    status: 1,
    stderr: /can't run unshare/,
  })
  t.equal(await value(on, 'a'), sentinel)
})

t.test('a new secret starts empty; left empty it is not made', async (t) => {
  const on = await tryOut(t.testdir({}))
  t.match(await on.run(['edit', 'new'], { env: editor(on, 'test -f "$1"') }), {
    status: 0,
    stderr: /unchanged/,
  })
  t.match(await on.run(['get', 'new']), { status: 1 })
  t.match(await on.run(['edit', 'new'], { env: editor(on, 'wc -c < "$1"', 'echo v > "$1"') }), {
    status: 0,
    stdout: '0\n',
  })
  t.equal(await value(on, 'new'), 'v\n')
  t.match((await on.run(['list', '--json'])).stdout, /"declared": true/)
})

t.test('the variable is shell words, VISUAL comes first, the file one argument', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'a@b:c'], { input: 'v' })
  const env = { VISUAL: `sh -c 'printf "%s|" "$@"; printf " edited" >> "$1"' word`, EDITOR: 'false' }
  const done = await on.run(['edit', 'a@b:c'], { env })
  t.match(done, { status: 0, stdout: /^\/[^|]*\/a@b:c\|$/ })
  t.equal(await value(on, 'a@b:c'), 'v edited')
})

t.test('a newline that the editor added is told', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'a'], { input: 'v' })
  t.match(await on.run(['edit', 'a'], { env: editor(on, 'echo >> "$1"') }), {
    status: 0,
    stderr: /ends with a newline now/,
  })
  t.notMatch((await on.run(['edit', 'a'], { env: editor(on, 'echo w >> "$1"') })).stderr, 'ends with')
})

t.test('what another command sets meanwhile stays', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'a'], { input: 'old' })
  const child = spawn(process.execPath, [HUSHFS, 'edit', 'a', '--config', on.config], {
    env: { ...process.env, ...editor(on, 'echo open', 'read line', 'echo edited > "$1"') },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
  await once(createInterface({ input: child.stdout }), 'line')
  t.equal(
    (await on.run(['set', 'a'], { input: 'meanwhile' })).status,
    0,
    'an open editor keeps no one waiting',
  )
  const closed = once(child, 'close') as Promise<[number | null]>
  child.stdin.end('\n')
  t.same(await closed, [1, null])
  t.match(stderr, /a was changed by another command meanwhile/)
  t.equal(await value(on, 'a'), 'meanwhile')
})

t.test('the inner process refuses to work in the namespace of the machine', async (t) => {
  const on = await tryOut(t.testdir({}))
  const namespace = 'readlink /proc/self/ns/mnt'
  const script = `exec 3<> "$0/pipe"; printf '\\0\\0\\0\\1x' >&3; exec "$@" edit x --inside "$(${namespace})"`
  const { run } = await import('../support/run-hushfs.ts')
  await run('mkfifo', [join(on.folder, 'pipe')])
  const done = await run('sh', ['-c', script, on.folder, process.execPath, HUSHFS])
  t.match(done, { status: 1, stderr: /not in a mount namespace of its own/ })
  t.same(hostCopies('x'), [])
})
