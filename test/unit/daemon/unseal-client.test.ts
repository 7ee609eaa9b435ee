import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import t from 'tap'
import type { SourceSpec, TemplatePart } from '../../../src/config/config.ts'
import { KEY_BYTES, loadSodium } from '../../../src/crypto/sodium.ts'
import { TemplateInputs } from '../../../src/daemon/template-inputs.ts'
import { unseal, type UnsealOptions } from '../../../src/daemon/unseal-client.ts'
import { KEYS_BYTES } from '../../../src/daemon/unseal-protocol.ts'
import { MAX_SECRET_BYTES } from '../../../src/sources/source.ts'
import { MemoryVault } from '../../../src/vault/memory-vault.ts'
import { isPresent, type EntryValue, type IndexedValue } from '../../../src/vfs/table.ts'
import { descendants } from '../../support/memory.ts'
import { output } from '../../support/process.ts'
import { until } from '../../support/until.ts'

const sodium = await loadSodium()
const keys = randomBytes(KEYS_BYTES)
const plain = sodium.allocate(MAX_SECRET_BYTES)
const vault = new MemoryVault(sodium, keys.subarray(0, KEY_BYTES), plain, 0)

/** The plaintext, or the reason. */
function told(value: EntryValue | undefined): string {
  if (value === undefined) return 'nothing'
  if ('pending' in value) return 'pending'
  if (!isPresent(value)) return `${value.unavailable === true ? 'unavailable' : 'failing'}: ${value.failing}`
  vault.open(value, 0, value.size)
  return Buffer.from(plain.bytes().slice(0, value.size)).toString()
}

const text = (value: string): SourceSpec => ({ kind: 'text', value })
const exec = (script: string): SourceSpec => ({
  kind: 'exec',
  command: ['/bin/sh', '-c', script],
  timeout: 60,
  refresh: undefined,
  environment: {},
  maxStale: 0,
})
const template = (...parts: TemplatePart[]): SourceSpec => ({ kind: 'template', parts })
const value = (secret: string) => ({ secret, filter: undefined })

/** Values by name, and the names in the order in which they came. */
async function open(secrets: Record<string, SourceSpec>, options: Partial<UnsealOptions> = {}) {
  const list = Object.entries(secrets).map(([name, source]) => ({ name, source }))
  const came: string[] = []
  const onResults = (results: readonly IndexedValue[]) => {
    for (const { index } of results) came.push(list[index]?.name ?? '')
  }
  const values = await unseal({ identities: [], secrets: list }, { keys, onResults, ...options })
  const entries = list.map(({ name }, index): [string, EntryValue | undefined] => [name, values[index]])
  return {
    values: new Map(entries),
    told: Object.fromEntries(entries.map(([name, of]) => [name, told(of)])),
    came,
  }
}

t.test('what a reader waits for is opened before what was first in the order', async (t) => {
  const count = 3000
  const names = Array.from({ length: count }, (_, index) => `s${index}`)
  const slow = 'x'.repeat(100_000)
  const { came } = await open(Object.fromEntries(names.map((name) => [name, text(slow)])), {
    onChild: (hurry) => {
      hurry(count - 1)
    },
  })
  t.equal(came.length, count)
  t.ok(came.indexOf(`s${count - 1}`) < count / 2, `came as number ${came.indexOf(`s${count - 1}`)}`)
})

t.test('templates come after their inputs, wherever they stand, and wait for no others', async (t) => {
  const fifo = join(t.testdir({}), 'fifo')
  await output('mkfifo', [fifo])
  const secrets = {
    both: template({ literal: '<' }, value('quick'), { literal: '|' }, value('slow'), { literal: '>' }),
    one: template(value('quick'), value('quick')),
    slow: exec(`cat ${fifo}`),
    quick: text('q'),
    none: template({ literal: '\u00ff' }),
  }
  let seen: string[] = []
  const opening = open(secrets, {
    onResults: (results) => {
      seen = [...seen, ...results.map(({ index }) => Object.keys(secrets)[index] ?? '')]
    },
  })
  await until('all that needs no command is there', () => seen.length === 3)
  t.strictSame([...seen].sort(), ['none', 'one', 'quick'])
  writeFileSync(fifo, 's')
  const { told } = await opening
  t.strictSame(told, { both: '<q|s>', one: 'qq', slow: 's', quick: 'q', none: '\ufffd' })
  t.strictSame(seen.slice(3), ['slow', 'both'])
})

t.test('an input that fails fails the template, one that is unavailable makes it unavailable', async (t) => {
  const { told } = await open({
    broken: { kind: 'file', path: '/proc' },
    away: exec('exit 3'),
    binary: exec('printf "a\\\\0b"'),
    'of/broken': template(value('broken')),
    'of/away': template(value('away')),
    'of/absent': template(value('absent')),
    'of/nul': template({ literal: 'X=' }, { secret: 'binary', filter: 'systemd' }),
    large: template(...Array.from({ length: 5 }, () => value('part'))),
    part: text('x'.repeat(300_000)),
  })
  t.equal(told['of/broken'], "failing: its input broken can't be opened: /proc: not a regular file")
  t.equal(told['of/away'], "unavailable: its input away can't be opened: /bin/sh: it exited with status 3")
  t.equal(told['of/absent'], "unavailable: its input absent can't be opened: it is not opened yet")
  t.equal(
    told['of/nul'],
    "failing: the secret binary has a NUL byte, which the filter systemd of the template of/nul can't carry",
  )
  t.equal(told['large'], 'failing: its text is longer than 1 MiB')
})

t.test('inputs that are known already, of any size', async (t) => {
  const large = 'x'.repeat(500_000)
  const before = await open({
    a: text('a'),
    empty: text(''),
    large: text(large),
    bad: exec('exit 1'),
    other: text('o'),
  })
  const names = ['a', 'empty', 'large', 'bad', 'away', 'pending', 'here']
  const inputs = new TemplateInputs([{ name: 't', source: template(...names.map(value)) }])
  for (const [name, value] of before.values) if (value !== undefined) inputs.keep(name, value)
  inputs.keep('pending', { pending: true, since: 0 })
  inputs.keep('away', { failing: 'no answer', unavailable: true })
  const { told, values } = await open(
    {
      t: template(value('a'), value('empty'), value('large'), value('here')),
      here: text('h'),
      'of/bad': template(value('bad')),
      'of/away': template(value('away')),
      'of/pending': template(value('pending')),
    },
    { inputs },
  )
  t.equal(told['t'], `a${large}h`)
  t.equal(told['of/bad'], "unavailable: its input bad can't be opened: /bin/sh: it exited with status 1")
  t.equal(told['of/away'], "unavailable: its input away can't be opened: no answer")
  t.equal(told['of/pending'], "unavailable: its input pending can't be opened: it is not opened yet")
  const again = await open({ t: template(value('a')) }, { inputs })
  const [now, then] = [again.values.get('t'), before.values.get('a')]
  if (now === undefined || then === undefined || !isPresent(now) || !isPresent(then))
    throw new Error('values')
  t.equal(now.version, then.version, 'the version is that of the bytes')
  t.equal(now.changedAt, then.changedAt, 'and it changed when its input did')
  t.equal(values.size, 5)

  const next = await open({ a: text('A'), t: template(value('a'), value('large')) }, { inputs })
  t.equal(next.told['t'], `A${large}`, 'what is opened again comes before what was known')
  t.equal((await open({ t: template(value('a')) }, { inputs })).told['t'], 'A', 'and is what is known then')
})

t.test('children that are killed: whose fault it is, and what a template keeps of the first', async (t) => {
  const folder = t.testdir({})
  const [fifo, log] = [join(folder, 'fifo'), join(folder, 'log')]
  await output('mkfifo', [fifo])
  const opening = open({
    before: text('b'),
    'with/stuck': template(value('stuck'), value('before')),
    'with/before': template(value('before'), value('last')),
    stuck: exec(`echo $$ >>${log}; cat ${fifo}`),
    last: exec('printf l'),
  })
  const killed: number[] = []
  while (killed.length < 2) {
    const isNew = () => descendants(process.pid).filter((pid) => isUnseal(pid) && !killed.includes(pid))
    await until('the command runs', () => isNew().length > 0 && linesOf(log) > killed.length)
    const [child = 0] = isNew()
    process.kill(child, 'SIGKILL')
    killed.push(child)
    const commands = readFileSync(log, 'utf8').trim().split('\n').map(Number)
    process.kill(-(commands.at(-1) ?? 0), 'SIGKILL')
  }
  const { told, came } = await opening
  t.equal(told['stuck'], 'unavailable: opening it ended the unseal child: ended by SIGKILL')
  t.match(
    told['with/stuck'],
    /^unavailable: its input stuck can't be opened: opening it ended the unseal child/,
  )
  t.equal(told['before'], 'b')
  t.equal(told['last'], 'l')
  t.equal(told['with/before'], 'bl')
  t.strictSame([...came].sort(), Object.keys(told).sort(), 'each once')
})

function isUnseal(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('unseal.js')
  } catch {
    return false
  }
}

function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
}

t.test('many are opened by two children; killing either loses none', { timeout: 120_000 }, async (t) => {
  const count = 16_000
  const folder = t.testdir()
  const identity = await generateX25519Identity()
  const encrypter = new Encrypter()
  encrypter.addRecipient(await identityToRecipient(identity))
  writeFileSync(join(folder, 'identity'), identity)
  writeFileSync(join(folder, 'secret.age'), await encrypter.encrypt('the value'))
  const source: SourceSpec = { kind: 'age', file: join(folder, 'secret.age') }
  const secrets = Array.from({ length: count }, (_, index) => ({ name: `s${index}`, source }))
  const children = () => descendants(process.pid).filter(isUnseal)
  for (const victim of [undefined, 'first', 'second'] as const) {
    const seen = new Uint32Array(count)
    const ever = new Set<number>()
    let killed: number | undefined
    const onResults = (results: readonly IndexedValue[]) => {
      for (const { index } of results) seen[index] = (seen[index] ?? 0) + 1
      for (const child of children()) ever.add(child)
      const [first, second] = [...ever]
      if (second === undefined || killed !== undefined || victim === undefined) return
      killed = victim === 'first' ? first : second
      process.kill(killed ?? 0, 'SIGKILL')
    }
    const job = { identities: [join(folder, 'identity')], secrets }
    const values = await unseal(job, { keys, onResults, processors: 2 })
    t.strictSame(new Set(values.map(told)), new Set(['the value']), `killed: ${victim ?? 'none'}`)
    t.ok(
      seen.every((times) => times === 1),
      'each came once',
    )
    t.ok(ever.size >= 2, `${ever.size} children`)
    t.equal(killed === undefined, victim === undefined)
    t.strictSame(children(), [], 'none is left')
  }
})
