import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { HUSHFS, run, runHushfs } from '../support/run-hushfs.ts'
import { contents, tryOut } from '../support/try-out.ts'

t.setTimeout(120_000)

const sentinel = 'sentinel-9d41c7'

t.test('what is refused changes nothing', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'a'], { input: 'old' })
  await on.run(['set', 'f/g'], { input: 'old' })
  writeFileSync(join(on.folder, 'big'), Buffer.alloc((1 << 20) + 1))
  writeFileSync(on.config, `${readFileSync(on.config, 'utf8')}  plain:\n    source: {text: x}\n`)
  const before = contents(on.folder)
  const cases: [string[], number, RegExp][] = [
    [['set', 'a', '--from', join(on.folder, 'big')], 1, /big: has more than 1 MiB/],
    [['set', 'a', '--from', join(on.folder, 'none')], 1, /none: no such file/],
    [['set', 'a', '--from', on.folder], 1, /is a directory/],
    [['set', '.a'], 2, /the name "\.a" has a part that starts with a dot/],
    [['set', '../a'], 2, /starts with a dot/],
    [['set', 'a b'], 2, /has a character other than/],
    [['set', ''], 2, /the name "" is empty/],
    [['set', 'n'.repeat(256)], 2, /longer than 255 bytes/],
    [['set', 'n'.repeat(255)], 1, /248 bytes/],
    [['set', 'a/b'], 2, /a\/b and a can't both be/],
    [['set', 'f'], 2, /f and f\/g can't both be/],
    [['set', 'plain'], 2, /declares plain with the source `text`/],
    [['set', 'new', '--mode', '999'], 2, /--mode: expected a quoted string/],
    [['set', 'new', '--mode', '4755'], 2, /--mode: setuid/],
    [['set', 'new', '--owner', 'a:b'], 2, /--owner: expected a user name/],
    [['set', 'new', '--unit', 'no unit'], 2, /--unit: expected a unit name/],
    [['set'], 2, /not enough non-option arguments/],
    [['set', 'a', '--colour', 'red'], 2, /unknown option/],
    [['get', 'none'], 1, /there is no secret none/],
    [['get', '../x'], 2, /starts with a dot/],
    [['rm', 'none', '--yes'], 1, /there is no secret none/],
    [['rm', 'a'], 2, /no terminal to ask on/],
    [['rekey', '--add', 'hushfs1typo'], 2, /--add: /],
    [
      ['rekey', '--remove', 'hushfs1e6xn45wvkce7c7msc9upffw8dmxs9959q5xng369hgzcwrjc04vsc64tkq'],
      1,
      /is not a recipient/,
    ],
  ]
  for (const [words, status, reason] of cases) {
    const done = await on.run(words, { input: sentinel })
    t.equal(done.status, status, words.join(' ').slice(0, 60))
    t.match(done.stderr, reason)
    t.notMatch(done.stderr, sentinel)
    t.equal(done.stdout, '')
  }
  t.same(contents(on.folder), before)
  const piped = await on.run(['set', 'a'], { input: Buffer.alloc((1 << 20) + 1) })
  t.match(piped, { status: 1, stderr: /standard input: has more than 1 MiB/ })
  t.same(contents(on.folder), before)
})

t.test('without an identity or a configuration nothing is written', async (t) => {
  const on = await tryOut(t.testdir({}))
  writeFileSync(join(on.folder, 'identity'), '')
  const before = contents(on.folder)
  t.match(await on.run(['set', 'a'], { input: 'v' }), {
    status: 1,
    stderr: /no configured identity can be read/,
  })
  t.same(contents(on.folder), before)
  const none = join(on.folder, 'none.yaml')
  const done = await runHushfs(['set', 'a', '--config', none], { input: 'v' })
  t.match(done, { status: 2, stderr: /none\.yaml: no such file.*\n.*hushfs init/ })
})

const isRoot = process.getuid?.() === 0

t.test(
  'a configuration that can not be written: the value is kept and the entry said',
  { skip: !isRoot && 'needs root' },
  async (t) => {
    const on = await tryOut(t.testdir({ made: {}, values: {} }))
    const values = join(on.folder, 'values')
    const made = join(on.folder, 'made')
    const config = join(made, 'hushfs.json')
    writeFileSync(
      config,
      JSON.stringify({ identities: [join(on.folder, 'identity')], store: values, secrets: {} }),
    )
    const readOnly = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    const set = (words: string[]) =>
      run(
        'unshare',
        [
          '--mount',
          'sh',
          '-c',
          readOnly,
          made,
          process.execPath,
          HUSHFS,
          'set',
          'db/x',
          ...words,
          '--config',
          config,
        ],
        {
          input: 'v',
        },
      )
    const done = await set([])
    t.equal(done.status, 0)
    t.match(done.stderr, /hushfs\.json: can't be changed: .*read-only/)
    t.match(
      done.stderr,
      `declare it yourself under secrets: "db/x":{"source":{"sealed":"${values}/db/x.sealed"}}`,
    )
    const got = await runHushfs(['get', 'db/x', '--config', config])
    t.equal(got.stdout, 'v', 'the store is asked for what is not declared')
    const withOptions = await set(['--mode', '0440'])
    t.equal(withOptions.status, 1, 'options that are lost are a failure')
    t.match(withOptions.stderr, '"mode":"0440"')
    const list = await runHushfs(['list', '--json', '--config', config])
    t.same(JSON.parse(list.stdout), [
      { name: 'db/x', source: 'sealed', declared: false, file: `${values}/db/x.sealed` },
    ])
  },
)
