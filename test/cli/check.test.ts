import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { HUSHFS, run, runHushfs } from '../support/run-hushfs.ts'

const sentinel = 'hushfs-sentinel-5d1c'

const mixed = `identities: [nope]
secrets:
  good: {source: {text: ${sentinel}}, owner: nobody, group: nogroup, mode: "0440"}
  owner: {source: {file: value}, owner: neverheard, group: noneither}
  s: {source: {sealed: x.sealed}}
`

t.test('check names the verdict of each secret and exits with 1 if any fails', async (t) => {
  const folder = t.testdir({ 'c.yaml': mixed, value: sentinel })
  const { status, stdout, stderr } = await runHushfs(['check', '--config', join(folder, 'c.yaml')])
  t.equal(status, 1)
  t.strictSame(stdout.trimEnd().split('\n'), [
    `ok       good   text    nobody:nogroup 0440  ${sentinel.length} bytes`,
    'failing  owner  file    neverheard:noneither 0400  there is no user `neverheard`; there is no group `noneither`',
    `failing  s      sealed  root:root 0400  ${join(folder, 'x.sealed')}: no such file`,
  ])
  t.strictSame(stderr.trimEnd().split('\n'), [
    `hushfs: warning: ${join(folder, 'nope')}: no such file`,
    'hushfs: warning: good: its source is plaintext (text); `hushfs set` seals a value',
    'hushfs: warning: owner: its source is plaintext (file); `hushfs set` seals a value',
    'hushfs: 3 secrets, 2 failing',
  ])
  t.notMatch(stdout + stderr, sentinel)
})

t.test('check warns about a rule that refuses nobody, and about no other', async (t) => {
  const rules = ['manager: false', 'manager: false, units: []', 'units: [a.service]', 'reads: once']
  const secrets = rules.map((rule, index) => `s${index}: {source: {file: value}, ${rule}}`)
  const folder = t.testdir({ 'c.yaml': `secrets: {${secrets.join(', ')}}`, value: 'x' })
  const { status, stdout } = await runHushfs(['check', '--json', '--config', join(folder, 'c.yaml')])
  t.equal(status, 0)
  const { secrets: verdicts } = JSON.parse(stdout) as { secrets: { name: string; warnings: string[] }[] }
  const warned = verdicts.filter(({ warnings }) => warnings.some((text) => text.includes('manager: false')))
  t.strictSame(
    warned.map(({ name }) => name),
    ['s0'],
  )
  t.ok(verdicts.every(({ warnings }) => !warnings.some((text) => text.includes('enforced'))))
})

t.test('check --json is one document', async (t) => {
  const folder = t.testdir({ 'c.yaml': mixed, value: sentinel })
  const { status, stdout, stderr } = await runHushfs(['check', '--json', '--config', join(folder, 'c.yaml')])
  t.equal(status, 1)
  t.equal(stderr, '')
  t.match(JSON.parse(stdout), {
    config: join(folder, 'c.yaml'),
    failing: 2,
    identityProblems: [`${join(folder, 'nope')}: no such file`],
    secrets: [
      { name: 'good', source: 'text', verdict: 'ok', bytes: sentinel.length, mode: '0440', problems: [] },
      { name: 'owner', verdict: 'failing', problems: [/neverheard/, /noneither/] },
      { name: 's', verdict: 'failing', problems: [/x\.sealed: no such file/], warnings: [] },
    ],
  })
  t.notMatch(stdout, sentinel)
})

t.test('check opens age files with the configured identities', async (t) => {
  const folder = t.testdir({})
  const identity = join(folder, 'identity')
  const keygen = spawnSync('age-keygen', ['-o', identity], { encoding: 'utf8' })
  const recipient = /age1[a-z0-9]+/.exec(keygen.stderr)?.[0] ?? ''
  spawnSync('age', ['-r', recipient, '-o', join(folder, 'a.age')], { input: sentinel })
  writeFileSync(join(folder, 'c.yaml'), 'identities: [identity]\nsecrets: {a: {source: {age: a.age}}}\n')
  const { status, stdout, stderr } = await runHushfs(['check', '--config', 'c.yaml'], { cwd: folder })
  t.strictSame(
    { status, stdout, stderr },
    {
      status: 0,
      stdout: `ok       a  age     root:root 0400  ${sentinel.length} bytes\n`,
      stderr: 'hushfs: 1 secret, 0 failing\n',
    },
  )
})

t.test('a template that more may read than a secret in it is warned about', async (t) => {
  const folder = t.testdir({})
  const config = {
    secrets: {
      closed: { source: { exec: { command: ['printf', 'x'] } }, mode: '0440' },
      open: { source: { exec: { command: ['printf', 'x'] } }, mode: '0444' },
    },
    templates: {
      wide: { content: '${hushfs:closed}${hushfs:open}', mode: '0444' },
      narrow: { content: '${hushfs:closed}' },
    },
  }
  writeFileSync(join(folder, 'c.yaml'), JSON.stringify(config))
  const { status, stderr } = await runHushfs(['check', '--config', join(folder, 'c.yaml')])
  t.equal(status, 0)
  t.equal(
    stderr,
    'hushfs: warning: wide: everyone may read it by its mode, and not the secret closed in it\nhushfs: 4 secrets, 0 failing\n',
  )
})

t.test('a wrong configuration exits with 2 and a line for each problem', async (t) => {
  const folder = t.testdir({ 'c.yaml': 'stor: x\nsecrets:\n  a: {source: {text: x}, mode: 400}\n' })
  const file = join(folder, 'c.yaml')
  for (const option of [[], ['--config-only'], ['--json']]) {
    const { status, stdout, stderr } = await runHushfs(['check', ...option, '--config', file])
    t.equal(status, 2)
    t.equal(stdout, '')
    t.strictSame(stderr.trimEnd().split('\n'), [
      `hushfs: error: ${file}:1:1: stor: unknown key \`stor\`; did you mean \`store\`?`,
      `hushfs: error: ${file}:3:26: secrets.a.mode: expected a quoted string of 3 or 4 octal digits such as "0400"; got the number 400: quote it`,
    ])
  }
})

t.test('check --config-only needs neither keys nor sources nor accounts', async (t) => {
  const folder = t.testdir({ 'c.yaml': mixed })
  const file = join(folder, 'c.yaml')
  t.strictSame(await runHushfs(['check', '--config-only', '--config', file]), {
    status: 0,
    stdout: `${file}: 3 secrets, no problem\n`,
    stderr: '',
  })
  const json = await runHushfs(['check', '--config-only', '--json', '--config', file])
  t.strictSame(JSON.parse(json.stdout), { config: file, secrets: 3 })
})

t.test('check of many shows a bar on a terminal and none elsewhere', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'c.json')
  const names = Array.from({ length: 300 }, (_, i) => `s${i}`)
  const secrets = Object.fromEntries(names.map((name) => [name, { source: { text: 'x' } }]))
  writeFileSync(file, JSON.stringify({ secrets }))
  const command = `${process.execPath} ${HUSHFS} check --config ${file}`
  const terminal = await run('script', ['-qec', command, '/dev/null'], { env: { TERM: 'xterm' } })
  t.match(terminal.stdout, /opening \[.*\] \d+\/300/)
  const pipe = await runHushfs(['check', '--config', file])
  t.notMatch(pipe.stderr, /opening/)
  t.match(pipe.stderr, /hushfs: 300 secrets, 0 failing\n$/)
})
