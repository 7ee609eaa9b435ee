import t from 'tap'
import { configOf } from '../../../src/config/load.ts'

const spec = (source: unknown) =>
  configOf('/etc/hushfs/hushfs.yaml', JSON.stringify({ secrets: { a: { source } } })).secrets[0]?.source

t.test('a credential: its name is that of its file, unless it is said', (t) => {
  t.strictSame(spec({ credential: 'creds/db.cred' }), {
    kind: 'credential',
    file: '/etc/hushfs/creds/db.cred',
    name: 'db.cred',
    allowNull: false,
  })
  t.strictSame(spec({ credential: { file: '/x', name: 'db', allowNull: true } }), {
    kind: 'credential',
    file: '/x',
    name: 'db',
    allowNull: true,
  })
  for (const name of ['', '.', '..', 'a/b', 'a\nb', 'x'.repeat(256)])
    t.throws(() => spec({ credential: { file: '/x', name } }), { code: 'ERR_CONFIG' }, JSON.stringify(name))
  for (const value of [{}, { file: '' }, { file: '/x', allowNull: 'yes' }, 5, ''])
    t.throws(() => spec({ credential: value }), { message: /source\.credential.*: expected a path/ })
  t.throws(() => spec({ credential: { file: '/x', nam: 'db' } }), {
    message: /credential\.nam: unknown key `nam`; did you mean `name`\?/,
  })
  t.end()
})

t.test('a command: defaults, and what it may be', (t) => {
  t.strictSame(spec({ exec: { command: ['pass', 'show', 'db'] } }), {
    kind: 'exec',
    command: ['pass', 'show', 'db'],
    timeout: 10,
    refresh: undefined,
    environment: {},
    maxStale: 0,
  })
  const full = {
    command: ['/bin/x'],
    timeout: '1m',
    refresh: '5m',
    environment: { HOME: '/root' },
    stale: true,
  }
  t.strictSame(spec({ exec: full }), {
    kind: 'exec',
    command: ['/bin/x'],
    timeout: 60,
    refresh: 300,
    environment: { HOME: '/root' },
    maxStale: 1e9,
  })
  const refusals: [unknown, RegExp][] = [
    [{}, /exec\.command: expected a list, a program and its arguments, got nothing/],
    [{ command: 'ls -l' }, /exec\.command: expected a list, a program and its arguments, got a string/],
    [{ command: [] }, /exec\.command: expected a program first/],
    [{ command: [''] }, /exec\.command: expected a program first/],
    [
      { command: ['./x'] },
      /exec\.command: expected a program first: an absolute path, or a name without `\/`/,
    ],
    [{ command: ['ls', 'a\0b'] }, /exec\.command\[1\]: expected a string without NUL/],
    [{ command: ['ls', 5] }, /exec\.command\[1\]: expected a string without NUL, got a number/],
    [{ command: ['ls'], timeout: '2h' }, /exec\.timeout: expected at most 1h/],
    [{ command: ['ls'], timeout: '1d' }, /exec\.timeout: expected a duration such as/],
    [{ command: ['ls'], environment: { 'a=b': 'x' } }, /exec\.environment/],
    [
      { command: ['ls'], environment: { A: 1 } },
      /exec\.environment\.A: expected a string without NUL, got a number/,
    ],
    [{ command: ['ls'], stale: 1 }, /exec\.stale: expected true or false/],
    [{ command: ['ls'], timeouts: '1m' }, /exec\.timeouts: unknown key `timeouts`; did you mean `timeout`\?/],
  ]
  for (const [exec, message] of refusals)
    t.throws(() => spec({ exec }), { code: 'ERR_CONFIG', message }, String(message))
  t.end()
})
