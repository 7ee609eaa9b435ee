import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runHushfs } from '../support/run-hushfs.ts'

const sentinel = 'hushfs-sentinel-9a2f'
const config = `mountPoint: /mnt/secrets
secrets:
  db/password:
    source: {text: ${sentinel}}
    owner: postgres
    group: 70
    mode: "640"
    units: [postgresql.service, backup@*.service]
    userUnits: [alice/sync.service]
    manager: false
    reads: {startup: 1m}
    restartUnits: [postgresql.service]
  none: {source: {text: ${sentinel}}, units: [], reads: once}
  open: {source: {file: value}}
templates:
  app.env: {content: "A=\${hushfs:open}\${hushfs:open|json}", units: [app.service], reloadUnits: [app.service]}
`

function catalog(t: Test, ...args: string[]) {
  const folder = t.testdir({ 'c.yaml': config })
  return runHushfs(['catalog', '--config', join(folder, 'c.yaml'), ...args])
}

t.test('each secret with who may read it; no source is opened, no value shown', async (t) => {
  const { status, stdout, stderr } = await catalog(t)
  t.equal(status, 0)
  t.equal(stderr, '')
  t.strictSame(stdout.trimEnd().split('\n'), [
    'db/password  postgres:70 0640  postgresql.service, backup@*.service, alice/sync.service; not PID 1; 60s from the start',
    'none         root:root 0400    no unit; once',
    'open         root:root 0400    any unit',
    'app.env      root:root 0400    app.service',
  ])
})

t.test('--json', async (t) => {
  const { stdout } = await catalog(t, '--json')
  t.notMatch(stdout, sentinel)
  const rest = {
    ...{ owner: 'root', group: 'root', mode: '0400', units: null, userUnits: null },
    ...{ manager: true, reads: 'always', restartUnits: [], reloadUnits: [] },
  }
  t.strictSame(JSON.parse(stdout), {
    mountPoint: '/mnt/secrets',
    secrets: {
      'db/password': {
        path: '/mnt/secrets/db/password',
        source: 'text',
        owner: 'postgres',
        group: 70,
        mode: '0640',
        units: ['postgresql.service', 'backup@*.service'],
        userUnits: ['alice/sync.service'],
        manager: false,
        reads: { startup: '60s' },
        restartUnits: ['postgresql.service'],
        reloadUnits: [],
      },
      none: { ...rest, path: '/mnt/secrets/none', source: 'text', units: [], reads: 'once' },
      open: { ...rest, path: '/mnt/secrets/open', source: 'file' },
      'app.env': {
        ...rest,
        path: '/mnt/secrets/app.env',
        source: 'template',
        inputs: ['open'],
        units: ['app.service'],
        reloadUnits: ['app.service'],
      },
    },
  })
})

t.test('--unit: what this unit has a rule for', async (t) => {
  const rows = {
    'postgresql.service': ['db/password'],
    'backup@daily.service': ['db/password'],
    'backup@.service': ['db/password'],
    'alice/sync.service': ['db/password'],
    'bob/sync.service': [],
    'sync.service': [],
    'app.service': ['app.env'],
  }
  for (const [unit, names] of Object.entries(rows)) {
    const { status, stdout } = await catalog(t, '--json', '--unit', unit)
    t.equal(status, 0, unit)
    t.strictSame(Object.keys((JSON.parse(stdout) as { secrets: object }).secrets), names, unit)
  }
  const nothing = await catalog(t, '--unit', 'other.service')
  t.match(nothing, { status: 0, stdout: '', stderr: /no secret has such a consumer/ })
  const wrong = await catalog(t, '--unit', 'app')
  t.match(wrong, { status: 2, stdout: '', stderr: /app is no unit name such as app\.service/ })
})
