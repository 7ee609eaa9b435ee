/** Every Nix file parses, and is laid out as nixfmt does. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../support/process.ts'
import { moduleFolder } from '../support/nix/evaluate.ts'

const support = join(import.meta.dirname, '../support/nix')
const BUILD_TIMEOUT = 600_000

/** Why the layout was not looked at: test/check lists this skip. */
const NO_CARGO = 'no cargo that builds nixfmt'

function nixFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return names.filter((name) => name.endsWith('.nix')).map((name) => join(folder, name))
}

const files = [...nixFiles(moduleFolder), ...nixFiles(support), ...nixFiles(import.meta.dirname)]

t.setTimeout(BUILD_TIMEOUT)
const built = await run(join(support, 'nixfmt'), [], { timeout: BUILD_TIMEOUT })
const needsNixfmt = { skip: built.status === 3 ? NO_CARGO : false }

t.test('each is parsed', async (t) => {
  t.ok(files.length > 20)
  const done = await run('nix-instantiate', ['--parse', '--store', 'dummy://', ...files])
  t.equal(done.status, 0, done.stderr)
})

t.test('each is laid out as nixfmt does', needsNixfmt, async (t) => {
  t.equal(built.status, 0, built.stderr)
  const done = await run(built.stdout.toString().trim(), ['--check', ...files])
  t.equal(done.status, 0, done.stderr + done.stdout.toString())
})
