/** The filter `systemd` by its consumer: a unit with EnvironmentFile=, which PID 1 reads. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { applyFilter } from '../../src/sources/template-filters.ts'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...Array.from(`'"\\$\`\n\r\t !#;=%{}a`)), maxLength: 30 }),
)
const COUNT = 400

for (const suite of ['trixie', 'bookworm'] as const) {
  t.test(`systemd of ${suite}: whatever the filter carries arrives byte for byte`, async (t) => {
    const system = await bootSystemd(t, { suite })
    const values = fc
      .sample(
        fc.oneof(
          text.map((one) => Buffer.from(one)),
          fc.uint8Array({ maxLength: 20 }),
        ),
        COUNT,
      )
      .map((value) => ({ value, piece: applyFilter('systemd', value) }))
    const carried = values.flatMap(({ value, piece }) =>
      typeof piece === 'string' ? [] : [{ value, piece }],
    )
    t.ok(carried.length > COUNT / 4, `${carried.length} of them`)
    const lines = carried.flatMap(({ piece }, index) => [Buffer.from(`V${index}=`), piece, Buffer.from('\n')])
    system.write('/tmp/values.env', Buffer.concat(lines))
    const started = await system.oneshot('show.service', [
      'EnvironmentFile=/tmp/values.env',
      'ExecStart=/usr/bin/env -0',
      'StandardOutput=truncate:/tmp/shown',
    ])
    t.equal(started.result, 'success')
    t.notMatch(started.journal.map(({ message }) => message).join('\n'), /Ignoring|Invalid/i)
    const shown = readFileSync(system.path('/tmp/shown')).toString('latin1').split('\0')
    const found = new Map(
      shown.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    const wrong = carried.filter(
      ({ value }, index) => found.get(`V${index}`) !== Buffer.from(value).toString('latin1'),
    )
    t.strictSame(
      wrong.map(({ value }) => Buffer.from(value).toString('hex')),
      [],
    )
  })
}

t.test('a unit takes its environment from a template, and only that unit', async (t) => {
  const system = await bootSystemd(t)
  const password = `a"b'c\\d $HOME \`id\` é\nsecond line`
  await serveHushfs(system, {
    secrets: { password: { source: { text: password }, units: ['app.service'] } },
    templates: {
      'app.env': { content: 'PASSWORD=${hushfs:password|systemd}\nPLAIN=x\n', units: ['app.service'] },
    },
  })
  const lines = [
    'EnvironmentFile=/run/hushfs/app.env',
    `ExecStart=/usr/bin/printenv -0 PASSWORD`,
    'StandardOutput=truncate:/tmp/password',
  ]
  const app = await system.oneshot('app.service', lines)
  t.equal(app.result, 'success')
  t.equal(readFileSync(system.path('/tmp/password'), 'utf8'), `${password}\0`)
  const other = await system.oneshot('other.service', ['ExecStart=/bin/cat /run/hushfs/app.env'])
  t.match(other.output, /Permission denied/)
})
