import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { commands, wordOf } from '../../src/cli/commands.ts'
import { HUSHFS, run, runHushfs } from '../support/run-hushfs.ts'

const MANUAL = fileURLToPath(new URL('../../man/hushfs.1', import.meta.url))

/** The page as it is read; mandoc(1) prints bold as a letter over itself. */
const manual = execFileSync('mandoc', ['-T', 'ascii', MANUAL])
  .toString()
  .replace(/.\u0008/g, '')

t.test('the manual has no fault', async (t) => {
  const { stdout, stderr } = await run('mandoc', ['-T', 'lint', MANUAL])
  const faults = (stdout + stderr).split('\n').filter((line) => line.includes('hushfs.1'))
  t.strictSame(faults, [])
})

t.test('--help lists every command, on standard output', async (t) => {
  const { status, stdout, stderr } = await runHushfs(['--help'])
  t.equal(status, 0)
  t.equal(stderr, '')
  for (const row of commands) t.match(stdout, `hushfs ${row.command}`, row.command)
})

t.test('every command has a description, an example and its options in the manual', async (t) => {
  for (const row of commands) {
    const word = wordOf(row)
    const { status, stdout } = await runHushfs([word, '--help'])
    t.equal(status, 0, word)
    t.match(stdout, row.describe, `${word} has a description`)
    t.match(stdout, /\nExamples:\n {2}hushfs /, `${word} has an example`)
    t.match(manual, new RegExp(`^ {5}${word}( |$)`, 'm'), `${word} is in the manual`)
    for (const [, option = ''] of stdout.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm))
      t.ok(manual.includes(option), `${word} ${option} is in the manual`)
  }
})

t.test('help breaks lines between words', async (t) => {
  const { stdout } = await runHushfs(['init', '--help'])
  for (const line of stdout.split('\n')) t.ok(line.length <= 100, line)
  t.match(stdout, 'Folder for all three; without it /etc/hushfs and /var/lib/hushfs')
})

t.test('--version is that of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  t.strictSame(await runHushfs(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('wrong words exit with 2, a reason and a hint, and print nothing to standard output', async (t) => {
  const wrong: [string[], RegExp][] = [
    [[], /^hushfs: error: which command\?\nhushfs: hint: `hushfs --help`/],
    [['iniz'], /^hushfs: error: unknown command: iniz\nhushfs: hint: did you mean `hushfs init`\?\n$/],
    [['frobnicate'], /^hushfs: error: unknown command: frobnicate\nhushfs: hint: `hushfs --help`/],
    [['keygen', '--nope'], /^hushfs: error: unknown option: --nope\n/],
    [['keygen', 'extra'], /^hushfs: error: unknown command: extra\n/],
    [['keygen', '-o'], /^hushfs: error: not enough arguments following: o\n/],
    [['config'], /^hushfs: error: .*hushfs config schema/],
    [['check', '--config', 'a', '--config', 'b'], /^hushfs: error: --config is given more than once\n/],
    [['check', '--no-json'], /^hushfs: error: unknown option: --no-json\n/],
  ]
  for (const [args, expected] of wrong) {
    const { status, stdout, stderr } = await runHushfs(args)
    t.equal(status, 2, args.join(' '))
    t.match(stderr, expected)
    t.equal(stdout, '')
    t.notMatch(stderr, /^ +at /m, 'no stack')
  }
})

t.test('a stack only with --debug', async (t) => {
  const args = ['check', '--config', '/nonexistent.yaml']
  t.strictSame(await runHushfs(args), {
    status: 2,
    stdout: '',
    stderr: [
      'hushfs: error: /nonexistent.yaml: no such file',
      'hushfs: hint: `hushfs init` makes one; --config names another',
      '',
    ].join('\n'),
  })
  const { stderr } = await runHushfs([...args, '--debug'])
  t.match(stderr, /^ConfigError: \/nonexistent\.yaml: no such file\n +at /m)
})

t.test('a reader that went away ends the command quietly', async (t) => {
  const child = spawn(process.execPath, [HUSHFS, 'config', 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const said: Buffer[] = []
  child.stderr.on('data', (piece: Buffer) => said.push(piece))
  const [status] = (await once(child, 'close')) as [number]
  t.equal(Buffer.concat(said).toString(), '')
  t.equal(status, 1)
})

t.test('a full disk is said', async (t) => {
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [HUSHFS, 'config', 'schema'], { stdio: ['ignore', full, 'pipe'] })
  closeSync(full)
  const said: Buffer[] = []
  child.stderr?.on('data', (piece: Buffer) => said.push(piece))
  const [status] = (await once(child, 'close')) as [number]
  t.match(Buffer.concat(said).toString(), /^hushfs: error: .*no space left/)
  t.equal(status, 1)
})

t.test('colours on a terminal only, and not where NO_COLOR is set', async (t) => {
  const command = `${process.execPath} ${HUSHFS} frobnicate`
  const terminal = (env: NodeJS.ProcessEnv) =>
    run('script', ['-qec', command, '/dev/null'], { env: { TERM: 'xterm', NO_COLOR: undefined, ...env } })
  t.match((await terminal({})).stdout, '\u001b[31merror:')
  t.notMatch((await terminal({ NO_COLOR: '1' })).stdout, '\u001b')
  t.notMatch((await terminal({ TERM: 'dumb' })).stdout, '\u001b')
  t.notMatch((await runHushfs(['frobnicate'])).stderr, '\u001b')
})

t.test('the program can be run as it is', (t) => {
  t.equal(statSync(HUSHFS).mode & 0o777, 0o755)
  t.match(readFileSync(HUSHFS, 'utf8'), /^#!\/usr\/bin\/env node\n/)
  t.end()
})
