/** libsystemd's word on the unit of a cgroup against hushfs's: for the paths of the unit tests, for arbitrary ones, for all that runs. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { placeCgroup, type Placement } from '../../src/caller/cgroup.ts'
import { CallerIdentifier } from '../../src/caller/identify.ts'
import { belowManager, inNone, inUnits, manager } from '../support/cgroup-paths.ts'
import { hierarchyOf } from '../support/systemd/hierarchy.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const oracle = '/usr/local/bin/cgroup-oracle'
const program = join(t.testdir(), 'cgroup-oracle')
const source = join(import.meta.dirname, 'programs/cgroup-oracle.c')
execFileSync('cc', ['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Werror', '-o', program, source])
system.write(oracle, readFileSync(program), 0o755)

/** What libsystemd says of a process, or of the path of a cgroup. */
interface Word {
  readonly of: string
  readonly unit: string | undefined
  readonly userUnit: string | undefined
  readonly slice: string | undefined
}

async function ask(argv: readonly string[], input = ''): Promise<Word[]> {
  const text = await system.output([oracle, ...argv], { input })
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [of = '', ...rest] = line.split('\t')
      const [unit, userUnit, slice] = rest.map((name) => (name === '' ? undefined : name))
      return { of, unit, userUnit, slice }
    })
}

/** Says whether there can be such a cgroup at all; the parser must bear more. */
function canBe(path: string): boolean {
  const names = path.split('/').slice(1)
  const isName = (name: string) =>
    !['', '.', '..'].includes(name) && !/[\n\t\0]/.test(name) && Buffer.byteLength(name) <= 255
  return path.startsWith('/') && names.every(isName)
}

/** What libsystemd says, less what hushfs refuses on purpose. */
function expected({ of, unit, userUnit, slice }: Word): Partial<Word> | undefined {
  // libsystemd takes off the mark of a removed cgroup, and so a cgroup with such a name for another.
  if (of.endsWith(' (deleted)') || unit === undefined) return undefined
  // It looks for a user's units in login sessions too, where no user manager puts any.
  return { unit, slice, userUnit: unit.startsWith('session-') ? undefined : userUnit }
}

function said(placement: Placement): Partial<Word> | undefined {
  if ('none' in placement) return undefined
  const { unit, userUnit, slice } = placement
  return { unit, slice, userUnit }
}

/** Put a process into each of these cgroups; the number of those in which libsystemd found a unit. */
async function compare(t: Test, paths: readonly string[]): Promise<number> {
  const words = await ask(['--visit'], paths.map((path) => `${path}\n`).join(''))
  t.equal(words.length, paths.length)
  const visited = words.filter(({ of }) => of.startsWith('/'))
  for (const word of visited)
    t.strictSame(said(placeCgroup(word.of)), expected(word), JSON.stringify(word.of))
  return visited.filter(({ unit }) => unit !== undefined).length
}

t.test('the paths of the unit tests', async (t) => {
  const paths = [
    ...inUnits.map(([path]) => path),
    ...belowManager.map(([below]) => manager + below),
    ...inNone.map(([path]) => path),
  ].filter(canBe)
  const units = await compare(t, paths)
  t.ok(units > 50, `${units} of them in a unit`)
})

const letters = 'a b u @ _ . - \\ : 0'.split(' ')
const word = fc.oneof(
  fc.string({ unit: fc.constantFrom(...letters), maxLength: 5 }),
  fc.constantFrom(
    'user@7',
    'user@07',
    'session-1',
    'session-c1',
    'session-',
    'x y',
    'a@b',
    'a@',
    '_cpu',
    'ü',
  ),
)
const type = fc.constantFrom('.service', '.slice', '.slice', '.scope', '.mount', '', '.foo', ' (deleted)')
const name = fc.tuple(word, type).map((parts) => parts.join(''))
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`)

t.test('arbitrary paths', async (t) => {
  const units = await compare(t, fc.sample(path.filter(canBe), 1000))
  t.ok(units > 50, `${units} of them in a unit`)
})

t.test('every process of the running system', async (t) => {
  const sleep = 'ExecStart=sleep infinity'
  await system.install({
    'plain.service': service([sleep]),
    'instance@.service': service([sleep]),
    'cpu.service': service([sleep, 'Slice=a-b.slice']),
    'delegated.service': service(['Delegate=yes', 'DelegateSubgroup=inner.service', 'User=alice', sleep]),
  })
  const units = ['plain', 'instance@a-b\\x2dc', 'cpu', 'delegated', 'user@1000']
  await system.output(['systemctl', 'start', ...units.map((unit) => `${unit}.service`)])
  await system.output(['systemd-run', '--quiet', '--slice=user.slice', 'sleep', 'infinity'])

  const words = await ask([])
  const identifier = new CallerIdentifier({ procRoot: system.path('/proc'), hierarchy: hierarchyOf(system) })
  const known = words.flatMap((word) => {
    const caller = identifier.identify(Number(word.of), 0, 0)
    return 'unknown' in caller ? [] : [{ word, caller }]
  })
  for (const { word, caller } of known)
    t.strictSame(said(caller.placement), expected(word), `${caller.tid}: ${caller.cgroup}`)
  const found = new Set(known.map(({ word }) => word.unit))
  for (const unit of units) t.ok(found.has(`${unit}.service`), unit)
  t.ok(found.has('init.scope'))
  t.ok(known.some(({ word }) => word.userUnit === 'init.scope'))
})
