/** The fuzzer finds what is there to find: a crash that chance alone doesn't reach, a hang, and nothing in a parser's own error. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../support/process.ts'
import { load } from './bundle.ts'
import { explore } from './explore.ts'
import { mutate } from './mutate.ts'
import { Random } from './random.ts'

t.setTimeout(120_000)
const cache = '.cache/fuzz'
mkdirSync(cache, { recursive: true })

const MOST_RUNS = 300_000

async function control(t: Test, name: string) {
  // Below the package, whose modules a bundle finds.
  const folder = mkdtempSync(join(cache, 'test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { target, probe } = await load(join(import.meta.dirname, 'controls', name), folder, /\/controls\//)
  return { target, probe: { ...probe, words: [] }, seeds: [], random: new Random(7) }
}

t.test(
  'a crash behind nested comparisons of bytes is found by what the code shows, not by chance',
  async (t) => {
    const guided = await explore({ ...(await control(t, 'crash.ts')), goesOn: (runs) => runs < MOST_RUNS })
    t.equal(guided.finding?.input.toString('latin1', 0, 3), 'hus')
    t.match(guided.finding?.error, { message: 'planted' })
    const again = await explore({ ...(await control(t, 'crash.ts')), goesOn: (runs) => runs < MOST_RUNS })
    t.equal(again.runs, guided.runs, 'the same seed, the same inputs')
    const blind = await explore({
      ...(await control(t, 'crash.ts')),
      guided: false,
      goesOn: (runs) => runs < MOST_RUNS,
    })
    t.equal(blind.finding, undefined)
    t.equal(blind.runs, MOST_RUNS)
  },
)

t.test("the parser's own error is no finding", async (t) => {
  const { target, ...rest } = await control(t, 'crash.ts')
  const expects = (error: unknown) => error instanceof TypeError
  const { finding, runs } = await explore({
    ...rest,
    target: { ...target, expects },
    goesOn: (runs) => runs < MOST_RUNS,
  })
  t.equal(finding, undefined)
  t.equal(runs, MOST_RUNS)
})

t.test('words of the code are among the mutations', async (t) => {
  const folder = mkdtempSync(join(cache, 'test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { probe } = await load('test/fuzz/targets/environment-file.ts', folder)
  t.ok(probe.words.some((word) => word.toString() === 'FILE'))
  t.ok(probe.counters.length > 20)
  const random = new Random(1)
  const found = new Set<string>()
  for (let index = 0; index < 10_000; index++)
    found.add(mutate(Buffer.from('abc'), { random, words: [Buffer.from('WORD')], corpus: [] }).toString())
  t.ok([...found].some((text) => text.includes('WORD')))
  t.ok(found.size > 1000)
})

t.test('a run of a target that crashes or hangs fails, and its input can be run again', async (t) => {
  const fuzz = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    run(process.execPath, ['--import=tsx', 'test/fuzz/main.ts', ...args], {
      env: { ...process.env, HUSHFS_FUZZ_SEED: '7', HUSHFS_FUZZ_SECONDS: '60', ...env },
      timeout: 100_000,
    })
  for (const [name, words, env] of [
    ['../controls/crash', /TypeError: planted/, {}],
    ['../controls/hang', /takes longer than 1 s/, { HUSHFS_FUZZ_HANG_SECONDS: '1' }],
  ] as const) {
    const { status, stderr, stdout } = await fuzz([name], env)
    t.equal(status, 1)
    t.match(stderr, words)
    t.match(stdout, /HUSHFS_FUZZ_SEED=7/)
    const [, file = ''] = /--input (\S+)/.exec(stderr) ?? []
    t.teardown(() => rmSync(file))
    t.ok(readFileSync(file).length >= 3)
    const again = await fuzz([name, '--input', file], env)
    t.equal(again.status, 1)
    t.match(again.stderr, words)
  }
  t.equal((await fuzz(['fuse-request'], { HUSHFS_FUZZ_SECONDS: '0.1' })).status, 0)
  t.equal((await fuzz(['no-such'])).status, 2)
})
