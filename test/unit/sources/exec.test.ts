import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { createLog } from '../../../src/base/log.ts'
import type { ExecSpec } from '../../../src/config/config.ts'
import { openSource } from '../../../src/sources/registry.ts'
import { MAX_SECRET_BYTES } from '../../../src/sources/source.ts'
import { until } from '../../support/until.ts'

const spec = (command: string[], rest: Partial<ExecSpec> = {}): ExecSpec => ({
  kind: 'exec',
  command,
  timeout: 10,
  refresh: undefined,
  environment: {},
  maxStale: 0,
  ...rest,
})
const shell = (script: string, rest: Partial<ExecSpec> = {}) => spec(['/bin/sh', '-c', script], rest)

async function open(source: ExecSpec, lines: string[] = []): Promise<Buffer> {
  const log = createLog({ journal: false, write: (line) => void lines.push(line) })
  return Buffer.from(await openSource(source, 'db/password', { identities: [], identityProblems: [], log }))
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`)

t.test('standard output, byte for byte', async (t) => {
  const file = join(t.testdir({}), 'value')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100_000 }), async (bytes) => {
      writeFileSync(file, bytes)
      return (await open(spec(['cat', file]))).equals(bytes)
    }),
    { numRuns: 20 },
  )
  t.equal((await open(shell('printf "a\\n"'))).toString(), 'a\n', 'with its last newline')
  t.equal((await open(spec(['true']))).length, 0)
})

/** Of `env -0`, without those that tap gives to every process that a test starts. */
function variables(output: Uint8Array): string[] {
  const all = Buffer.from(output).toString().split('\0')
  return all.filter((entry) => entry !== '' && !/^(_TAPJS_|NODE_OPTIONS=)/.test(entry)).sort()
}

t.test('no shell, and no environment but what is listed', async (t) => {
  const words = ['$HOME', '`id`', '*', 'a b', "'", '"', ';true', '']
  t.equal(
    (await open(spec(['printf', '%s|', ...words]))).toString(),
    words.map((word) => `${word}|`).join(''),
  )
  const environment = { TOKEN_FILE: '/run/x y', LC_ALL: '' }
  t.strictSame(variables(await open(spec(['env', '-0'], { environment }))), [
    'LC_ALL=',
    'TOKEN_FILE=/run/x y',
  ])
  t.strictSame(variables(await open(spec(['env', '-0']))), [])
  t.equal((await open(spec(['pwd']))).toString(), '/\n')
  t.equal((await open(spec(['cat']))).length, 0, 'standard input is empty')
})

t.test('a command that fails may do better later; one that is not there will not', async (t) => {
  const failures: [ExecSpec, RegExp][] = [
    [shell('echo value; exit 3'), /^\/bin\/sh: it exited with status 3$/],
    [shell('kill -9 $$'), /^\/bin\/sh: it was ended by SIGKILL$/],
    [shell('sleep 100', { timeout: 0.2 }), /^\/bin\/sh: it didn't end within 0.2 s and was killed$/],
    [spec(['/nonexistent/program']), /^\/nonexistent\/program: it can't be started: /],
    [spec(['true', 'x'.repeat(1 << 20)]), /^true: it can't be started: E2BIG$/],
  ]
  for (const [source, message] of failures)
    await t.rejects(open(source), { code: 'ERR_UNAVAILABLE', message })
  const message = /^there is no no-such-program in \/run/
  await t.rejects(open(spec(['no-such-program'])), { code: 'ERR_SOURCE', message })
})

t.test('what it opens as /dev/stdout and /dev/stderr is a pipe', async (t) => {
  const said: string[] = []
  t.equal((await open(shell('echo value >/dev/stdout; echo oh >/dev/stderr'), said)).toString(), 'value\n')
  t.match(said, [/: oh\n$/])
})

t.test('1 MiB and no more', async (t) => {
  t.equal((await open(spec(['head', '-c', String(MAX_SECRET_BYTES), '/dev/zero']))).length, MAX_SECRET_BYTES)
  const message = /^[a-z]+: it wrote more than 1 MiB to standard output$/
  await t.rejects(open(spec(['head', '-c', String(MAX_SECRET_BYTES + 1), '/dev/zero'])), { message })
  await t.rejects(open(spec(['yes'])), { code: 'ERR_SOURCE', message }, 'one that never ends is killed')
})

t.test('the whole group is killed at the timeout, and when the command ends', async (t) => {
  const file = join(t.testdir({}), 'pids')
  const script = (end: string) => `sleep 1000 & echo $! >>${file}; sleep 1000 & echo $! >>${file}; ${end}`
  await t.rejects(open(shell(script('wait'), { timeout: 0.5 })), { message: /didn't end within/ })
  t.equal(
    (await open(shell(script('echo value')))).toString(),
    'value\n',
    'what it left behind holds up nobody',
  )
  const pids = readFileSync(file, 'utf8').trim().split('\n').map(Number)
  t.equal(pids.length, 4)
  await until('all of them are gone', () => !pids.some(isAlive))
})

t.test('who leaves the group with the pipe is not waited for', async (t) => {
  const file = join(t.testdir({}), 'pid')
  const script = `setsid sh -c 'echo $$ >${file}; exec sleep 1000' & while [ ! -s ${file} ]; do :; done; echo value`
  await t.rejects(open(shell(script, { timeout: 1 })), { message: /didn't end within 1 s/ })
  process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL')
})

t.test('standard error goes to the log, so many lines of so many bytes', async (t) => {
  const said: string[] = []
  await open(shell('echo "vault is sealed" >&2; printf "half\\033[31m" >&2; echo value'), said)
  t.strictSame(said, [
    'hushfs: warning: secret db/password: /bin/sh: vault is sealed\n',
    'hushfs: warning: secret db/password: /bin/sh: half\\x1b[31m\n',
  ])
  const many: string[] = []
  await open(shell('seq 1000 >&2; exit 0'), many)
  t.equal(many.length, 21)
  t.match(many.at(-2), /: 20\n$/)
  t.match(many.at(-1), /: and 980 lines more\n$/)
  const long: string[] = []
  await open(shell('head -c 3000000 /dev/zero | tr "\\0" x >&2'), long)
  t.equal(long.length, 1)
  t.match(long[0], /: x{500}…\n$/)
})
