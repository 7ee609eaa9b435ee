import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { loadIdentityFile } from '../../src/identity/load.ts'
import { recipientOf } from '../../src/identity/recipient.ts'
import { runHushfs } from '../support/run-hushfs.ts'

const modeOf = (path: string) => statSync(path).mode & 0o7777

t.test('init makes an identity, a store and a configuration that loads and points at them', async (t) => {
  const folder = join(t.testdir({}), 'new', 'place')
  const { status, stdout, stderr } = await runHushfs(['init', folder])
  t.equal(status, 0)
  t.equal(stderr, '')
  t.strictSame(readdirSync(folder).sort(), ['hushfs.yaml', 'identity', 'store'])
  t.equal(modeOf(join(folder, 'identity')), 0o600)
  t.equal(modeOf(join(folder, 'store')), 0o700)
  t.strictSame(readdirSync(join(folder, 'store')), [])
  t.match(loadConfig(join(folder, 'hushfs.yaml')), {
    identities: [join(folder, 'identity')],
    store: join(folder, 'store'),
    secrets: [],
  })
  const [identity] = loadIdentityFile(join(folder, 'identity'))
  if (identity === undefined) throw new Error('no identity')
  t.match(stdout, `recipient: ${recipientOf(identity)?.text}`)
  t.match(stdout, `hushfs set db/password --config ${join(folder, 'hushfs.yaml')}`, 'says what is next')
  const check = await runHushfs(['check', '--config', join(folder, 'hushfs.yaml')])
  t.equal(check.status, 0)
})

t.test('the examples of the made configuration load when the comment signs go', async (t) => {
  const folder = t.testdir({})
  await runHushfs(['init', folder])
  const file = join(folder, 'hushfs.yaml')
  const [, , ...lines] = readFileSync(file, 'utf8').split('\n')
  const examples = lines.join('\n').replace(/^( *)# ((?: {2})?[a-zA-Z/]+:(?: .*)?)$/gm, '$1$2')
  writeFileSync(file, examples)
  t.match(loadConfig(file), {
    directoryMode: 0o711,
    secrets: [
      {
        name: 'db/password',
        source: { file: join(folder, 'store/db/password.sealed') },
        terms: { owner: 'postgres' },
      },
      { name: 'tls/key', source: { kind: 'age' } },
    ],
  })
})

t.test('init overwrites nothing and says what it kept', async (t) => {
  const folder = t.testdir({ identity: 'mine\n', 'hushfs.yaml': 'store: x\n' })
  mkdirSync(join(folder, 'store'))
  writeFileSync(join(folder, 'store', 'a.sealed'), 'a')
  const refused = await runHushfs(['init', folder])
  t.equal(refused.status, 1, 'an identity file that is none is an error')
  t.equal(readFileSync(join(folder, 'identity'), 'utf8'), 'mine\n')

  const again = t.testdir({})
  await runHushfs(['init', again])
  const before = readFileSync(join(again, 'identity'))
  const { status, stdout } = await runHushfs(['init', again, '--json'])
  t.equal(status, 0)
  t.match(JSON.parse(stdout), {
    identity: join(again, 'identity'),
    made: { identity: false, store: false, config: false },
    recipient: /^hushfs1/,
  })
  t.strictSame(readFileSync(join(again, 'identity')), before)
  t.match((await runHushfs(['init', again])).stdout, /^kept {2}.*identity/)
})

t.test('init says what stands in its way', async (t) => {
  const folder = t.testdir({ file: 'x', d: { store: 'x' } })
  const below = await runHushfs(['init', join(folder, 'file', 'sub')])
  t.equal(below.status, 1)
  t.match(below.stderr, /^hushfs: error: .*file/)
  const store = await runHushfs(['init', join(folder, 'd')])
  t.equal(store.status, 1)
  t.match(store.stderr, /there is a file where the store should be/)
  t.notOk(existsSync(join(folder, 'd', 'hushfs.yaml')))
})

t.test('keygen -o writes a file of mode 0600 once and prints the recipient', async (t) => {
  const file = join(t.testdir({}), 'identity')
  const { status, stdout, stderr } = await runHushfs(['keygen', '-o', file])
  t.equal(status, 0)
  t.equal(stderr, '')
  t.match(stdout, /^hushfs1[a-z0-9]+\n$/)
  t.equal(modeOf(file), 0o600)
  const [identity] = loadIdentityFile(file)
  if (identity === undefined) throw new Error('no identity')
  t.equal(`${recipientOf(identity)?.text}\n`, stdout)
  const before = readFileSync(file)
  const again = await runHushfs(['keygen', '--output', file])
  t.equal(again.status, 1)
  t.match(again.stderr, /is there already\nhushfs: hint: an identity is never overwritten/)
  t.strictSame(readFileSync(file), before)
})

t.test('keygen without a file is as age-keygen', async (t) => {
  const { status, stdout, stderr } = await runHushfs(['keygen'])
  t.equal(status, 0)
  const file = join(t.testdir({}), 'identity')
  writeFileSync(file, stdout)
  const [identity] = loadIdentityFile(file)
  if (identity === undefined) throw new Error('no identity')
  t.equal(stderr, `hushfs: recipient: ${recipientOf(identity)?.text}\n`)
})
