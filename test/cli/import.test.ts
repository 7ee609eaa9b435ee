import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { runHushfs } from '../support/run-hushfs.ts'
import { contents } from '../support/try-out.ts'

const fixtures = join(import.meta.dirname, '../fixtures/agenix')

interface Document {
  readonly declared: string[]
  readonly kept: string[]
  readonly skipped: { what: string; reason: string }[]
}

/** A folder with agenix' example in `secrets`, and a configuration beside it. */
function example(t: Test, yaml: string) {
  const folder = t.testdir({})
  const [config, secrets] = [join(folder, 'hushfs.yaml'), join(folder, 'secrets')]
  cpSync(fixtures, secrets, { recursive: true })
  rmSync(join(secrets, 'README.md'))
  writeFileSync(config, yaml)
  const run = (args: readonly string[], env?: NodeJS.ProcessEnv) =>
    runHushfs(['import', 'agenix', ...args, '--config', config], env === undefined ? {} : { env })
  const imported = async (args: readonly string[] = [secrets], env?: NodeJS.ProcessEnv) => {
    const done = await run([...args, '--json'], env)
    t.equal(done.status, 0, done.stderr)
    return JSON.parse(done.stdout) as Document
  }
  const ages = () =>
    loadConfig(config).secrets.map(({ name, source }) => [name, 'file' in source ? source.file : source.kind])
  return { folder, config, secrets, run, imported, ages }
}

const RULES = `let user1 = "ssh-ed25519 AAAA"; in {
  "secret1.age".publicKeys = [ user1 ];
  "db/password.age".publicKeys = [ (throw "evaluated without need") ];
  "passwordfile-user1.age" = { publicKeys = [ user1 ]; armor = true; };
  "gone.age".publicKeys = [ user1 ];
  "-leading-hyphen-filename.age".publicKeys = [ user1 ];
  ".hidden.age".publicKeys = [ user1 ];
}
`

t.test('what secrets.nix names, and nothing else', async (t) => {
  const { folder, config, secrets, run, imported, ages } = example(t, '# mine\nidentities: [secrets/user1]\n')
  writeFileSync(join(secrets, 'secrets.nix'), RULES)
  mkdirSync(join(secrets, 'db'))
  renameSync(join(secrets, 'secret2.age'), join(secrets, 'db/password.age'))
  const before = contents(secrets)
  const document = await imported()
  t.strictSame(document.declared, [
    '-leading-hyphen-filename',
    'db/password',
    'passwordfile-user1',
    'secret1',
  ])
  t.strictSame(document.kept, [])
  t.strictSame(document.skipped, [
    { what: '.hidden.age', reason: 'the name has a part that starts with a dot' },
    { what: 'gone.age', reason: 'secrets.nix names it, and there is no such file' },
    { what: 'armored-secret.age', reason: 'secrets.nix does not name it' },
  ])
  t.strictSame(
    ages(),
    document.declared.map((name) => [name, join(secrets, `${name}.age`)]),
  )
  t.match(
    readFileSync(config, 'utf8'),
    /^# mine\n[^]*source: \{age: secrets\/secret1\.age\}/m,
    'relative to the configuration',
  )
  t.strictSame(contents(secrets), before, 'the files are left alone')
  const check = await runHushfs(['check', '--config', config])
  t.equal(check.status, 0, check.stdout)

  const again = await run([secrets])
  t.equal(again.status, 0)
  t.match(again.stdout, /^kept {6}secret1 {2}\(it is declared already\)$/m)
  t.notMatch(again.stdout, 'declared  ')
  t.strictSame(
    Object.keys(contents(folder)).filter((name) => !name.startsWith('secrets/')),
    ['hushfs.yaml'],
  )
})

t.test('without secrets.nix or nix-instantiate: every *.age file of the folder', async (t) => {
  const { secrets, imported, ages, run } = example(
    t,
    'secrets:\n  secret1: {source: {text: mine}, mode: "0440"}\n',
  )
  const all = ['-leading-hyphen-filename', 'armored-secret', 'passwordfile-user1', 'secret2']
  const document = await imported()
  t.strictSame(document, { declared: all, kept: ['secret1'], skipped: [] })
  t.strictSame(ages()[0], ['secret1', 'text'], 'what was declared stays as it is')
  const bare = example(t, '{"secrets": {}}')
  writeFileSync(join(bare.secrets, 'secrets.nix'), RULES)
  t.strictSame((await bare.imported(undefined, { PATH: '/nonexistent' })).declared.length, 5)
  t.type(JSON.parse(readFileSync(bare.config, 'utf8')), 'object', 'JSON stays JSON')
  const noted = await bare.run([bare.secrets], { PATH: '/nonexistent' })
  t.match(noted.stderr, 'there is no nix-instantiate to read secrets.nix with')
  t.match(noted.stderr, /age\.secrets/)
  t.match((await run([secrets])).stderr, /^(?![^]*no `identities`)/, 'nothing new, no warning')
})

t.test('names that can not stand beside each other', async (t) => {
  const { secrets, imported } = example(t, 'secrets: {secret1/part: {source: {text: x}}}\n')
  const { skipped } = await imported()
  t.strictSame(skipped, [
    { what: 'secret1', reason: 'secret1/part is declared, and one of them would be a file and a folder' },
  ])
  t.ok(secrets)
})

t.test('what can not be imported', async (t) => {
  const { config, folder, secrets, run } = example(t, 'secrets: {}\n')
  const before = readFileSync(config, 'utf8')
  const refused: [string[], number, RegExp][] = [
    [[join(folder, 'absent')], 2, /absent: no such file/],
    [[config], 2, /hushfs\.yaml: not a folder/],
    [[join(folder, 'empty')], 1, /empty: there is nothing of agenix in it/],
    [[], 2, /./],
  ]
  mkdirSync(join(folder, 'empty'))
  for (const [args, status, message] of refused) {
    const done = await run(args)
    t.equal(done.status, status, args.join(' '))
    t.match(done.stderr, message)
  }
  writeFileSync(join(secrets, 'secrets.nix'), '{ a = ; }')
  const broken = await run([secrets])
  t.equal(broken.status, 2)
  t.match(broken.stderr, /secrets\.nix: nix-instantiate can't read it: syntax error/)
  writeFileSync(join(secrets, 'secrets.nix'), '[ 1 ]')
  t.match(
    (await run([secrets])).stderr,
    /nix-instantiate can't read it: value is a list while a set was expected/,
  )
  const other = await runHushfs(['import', 'vault', folder, '--config', config])
  t.equal(other.status, 2)
  t.match(other.stderr, /choices: "agenix"/i)
  t.equal(readFileSync(config, 'utf8'), before)
})
