import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readMounts } from '../../src/sys/mountinfo.ts'
import { workFolder } from '../support/mount.ts'
import { dist, output, run, unhooked } from '../support/process.ts'
import { until } from '../support/until.ts'

/** A demo in a process group of its own, with a temporary folder of its own. */
class Demo {
  readonly temporary: string
  readonly process: ChildProcess
  readonly ended: Promise<unknown>
  stdout = ''
  stderr = ''

  constructor(t: Test, args: readonly string[] = []) {
    this.temporary = workFolder(t)
    this.process = spawn(...unhooked(process.execPath, [join(dist, 'hushfs.js'), 'demo', ...args]), {
      detached: true,
      env: { ...process.env, TMPDIR: this.temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stdout?.on('data', (piece: Buffer) => (this.stdout += piece.toString()))
    this.process.stderr?.on('data', (piece: Buffer) => (this.stderr += piece.toString()))
    this.ended = once(this.process, 'close')
    t.teardown(async () => {
      if (this.groupIsThere) this.signal('SIGKILL')
      await this.ended
    })
  }

  get folder(): string {
    const [name = ''] = readdirSync(this.temporary)
    return join(this.temporary, name)
  }

  /** Everything that it and its children are. */
  get groupIsThere(): boolean {
    try {
      process.kill(-(this.process.pid ?? 0), 0)
      return true
    } catch {
      return false
    }
  }

  get mounts(): string[] {
    return readMounts().flatMap(({ mountPoint }) =>
      mountPoint.startsWith(`${this.temporary}/`) ? [mountPoint] : [],
    )
  }

  signal(name: NodeJS.Signals): void {
    process.kill(-(this.process.pid ?? 0), name)
  }

  /** Resolves when the commands are printed: what is printed must work at once. */
  async printed(): Promise<void> {
    await until('the commands are printed', () => this.stdout.includes('removes all of it.\n'))
  }

  /** The only printed command that matches. */
  line(pattern: RegExp): string {
    const found = this.stdout.split('\n').filter((line) => pattern.test(line))
    if (found[0] === undefined) throw new Error(`no ${pattern} in ${this.stdout}`)
    return found[0]
  }

  nothingIsLeft(t: Test): void {
    t.strictSame(this.mounts, [], 'no mount')
    t.strictSame(readdirSync(this.temporary), [], 'no folder')
    t.notOk(this.groupIsThere, 'no process')
  }
}

const shell = (line: string) => run('sh', ['-c', line])

t.test('what the demo prints can be pasted, and Ctrl-C leaves nothing', async (t) => {
  const demo = new Demo(t)
  await demo.printed()
  const cat = demo.line(/^cat .*mnt\/db\/password$/)
  t.equal((await output('sh', ['-c', cat])).toString(), 'the first password\n')
  t.match(demo.stderr, /^ready: 3 secrets \(0 failing\) at \S+\n/m)

  const token = await shell(demo.line(/^runuser .*token$/))
  t.strictSame([token.status, token.stdout.toString()], [0, 'a token for nobody\n'])
  const refused = await shell(demo.line(/^runuser .*password$/))
  t.equal(refused.status, 1)
  t.equal(refused.stdout.length, 0)
  t.match(refused.stderr, 'Permission denied')
  t.match((await shell(demo.line(/^touch /))).stderr, 'Read-only file system')
  t.match((await shell(demo.line(/^ls /))).stdout.toString(), /^-r--r--r-- .* greeting$/m)
  t.match((await shell(demo.line(/^findmnt /))).stdout.toString(), 'fuse.hushfs')

  const audit = await shell(demo.line(/^cat .*audit\.jsonl$/))
  t.match(audit.stdout.toString(), /"secret":"db\/password","operation":"open","decision":"allowed"/)

  const rotation = await shell(demo.line(/ set db\/password .* reload /))
  t.equal(rotation.status, 0, rotation.stderr)
  t.equal((await output('sh', ['-c', cat])).toString(), 'the second password\n')
  const sealed = await shell(demo.line(/^cat .*\.sealed$/))
  t.match(sealed.stdout.toString(), /^hushfs-sealed\/1\n/)

  demo.signal('SIGINT')
  t.strictSame(await demo.ended, [0, null])
  demo.nothingIsLeft(t)
})

t.test('keys and store of the demo are for root only', async (t) => {
  const demo = new Demo(t)
  await demo.printed()
  const modeOf = (name: string) => statSync(join(demo.folder, name)).mode & 0o777
  t.equal(modeOf('identity'), 0o600)
  t.equal(modeOf('store'), 0o700)
  t.equal(modeOf('.'), 0o711)
  for (const file of ['identity', 'hushfs.yaml', 'store/db/password.sealed'])
    t.notMatch(readFileSync(join(demo.folder, file), 'latin1'), 'first password', file)
  demo.signal('SIGTERM')
  await demo.ended
})

t.test('more Ctrl-C do not stop the clearing up', async (t) => {
  const demo = new Demo(t)
  await demo.printed()
  await until('it has ended', () => {
    if (demo.groupIsThere) demo.signal('SIGINT')
    return !demo.groupIsThere
  })
  await demo.ended
  demo.nothingIsLeft(t)
})

t.test('a signal that comes at any step of the start leaves nothing', async (t) => {
  for (const file of ['identity', 'hushfs.yaml', 'store/db/password.sealed', 'store/greeting.sealed']) {
    const demo = new Demo(t)
    await until(`${file} is there`, () => {
      const [folder] = readdirSync(demo.temporary)
      return (
        folder !== undefined &&
        statSync(join(demo.temporary, folder, file), { throwIfNoEntry: false }) !== undefined
      )
    })
    demo.signal('SIGTERM')
    await demo.ended
    demo.nothingIsLeft(t)
  }
})

t.test('a foreign mount in the folder is not descended into', async (t) => {
  const demo = new Demo(t)
  await demo.printed()
  const foreign = join(demo.folder, 'foreign')
  mkdirSync(foreign)
  await output('mount', ['-t', 'tmpfs', 'none', foreign])
  writeFileSync(join(foreign, 'precious'), 'x')
  demo.signal('SIGINT')
  await demo.ended
  t.match(demo.stderr, `stays: ${foreign} is mounted in it`)
  t.strictSame(readdirSync(foreign), ['precious'])
  t.strictSame(demo.mounts, [foreign])
})

t.test('a demo whose commands nobody can read ends', async (t) => {
  const demo = new Demo(t)
  demo.process.stdout?.destroy()
  await demo.ended
  t.match(demo.stderr, /^ready: /m)
  demo.nothingIsLeft(t)
})

t.test('--trace shows operations and no value', async (t) => {
  const demo = new Demo(t, ['--trace'])
  await demo.printed()
  await output('sh', ['-c', demo.line(/^cat .*mnt\/db\/password$/)])
  await until('the read is traced', () => /^fuse: read .* -> 19 bytes$/m.test(demo.stderr))
  t.notMatch(demo.stderr, 'first password')
  demo.signal('SIGINT')
  await demo.ended
})

t.test('who is not root is told so', async (t) => {
  const temporary = workFolder(t)
  // The capability only lets this user reach Node and the program, wherever they are.
  const user = [
    '--reuid=65534',
    '--clear-groups',
    '--inh-caps=+dac_read_search',
    '--ambient-caps=+dac_read_search',
  ]
  const program = [process.execPath, join(dist, 'hushfs.js'), 'demo']
  const done = await run('setpriv', [...user, ...program], { env: { ...process.env, TMPDIR: temporary } })
  t.equal(done.status, 1)
  t.equal(done.stdout.length, 0)
  t.match(done.stderr, /^hushfs: error: mounting needs root\nhushfs: hint: /)
  t.strictSame(readdirSync(temporary), [])
})
