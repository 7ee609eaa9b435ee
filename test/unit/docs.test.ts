/** The documentation says what is there: commands, keys, folders, links. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { commands, wordOf } from '../../src/cli/commands.ts'
import { configOf } from '../../src/config/load.ts'
import { keysAt } from '../../src/config/schema.ts'
import { sourceKinds } from '../../src/config/source-schema.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const readme = read('README.md')

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

/** Written by a command. */
const made = new Set(['bench/RESULTS.md'])

/** Every page of the project, as paths from its root. */
const pages = filesIn('').filter((file) => file.endsWith('.md'))

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return /^(\.|node_modules$|dist$)/.test(entry.name) ? [] : filesIn(path)
    return [path]
  })
}

/** The content of the fenced blocks of one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, code = '']) => code,
  )
}

/** The first cells of the rows of every table, without the backticks. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| (`.*?`(?:, `.*?`)*) +\|/gm)].flatMap(([, cell = '']) =>
    cell.split(', ').map((name) => name.slice(1, -1)),
  )
}

t.test('the first two blocks of the README are the demo and the tests, and CI runs the second', (t) => {
  t.strictSame(blocks(readme, 'sh').slice(0, 2), ['npm ci && npm run demo\n', 'npm ci && npm test\n'])
  const ci = read('.ci/run')
    .split('\n')
    .filter((line) => line.includes('npm'))
  t.strictSame(ci, ['npm ci && npm test'])
  t.end()
})

t.test('every npm script that a page names is there', (t) => {
  let named = 0
  for (const page of pages)
    for (const [, script = ''] of read(page).matchAll(/\bnpm (?:run (?:--silent )?([\w-]+)|test\b)/g)) {
      t.ok((script || 'test') in scripts, `${page}: npm run ${script || 'test'}`)
      named++
    }
  t.ok(named > 10)
  t.end()
})

t.test("the README's table has every command, and no other", (t) => {
  const table = /^\| command \| does \|$(.*?)^$/ms.exec(readme)?.[1] ?? ''
  const words = firstCells(table).map((cell) => cell.split(' ', 1).join())
  // `import` has a row for each kind.
  t.strictSame([...new Set(words)].sort(), commands.map(wordOf).sort())
  t.end()
})

t.test('what the README calls are commands', (t) => {
  const words = blocks(readme, 'sh').flatMap((block) =>
    [...block.matchAll(/^hushfs (\S+)/gm)].map(([, word = '']) => word),
  )
  t.ok(words.length > 5)
  for (const word of words) t.ok(commands.map(wordOf).includes(word), word)
  t.end()
})

t.test('the configurations of the README load', (t) => {
  const configurations = blocks(readme, 'yaml')
  t.ok(configurations.length > 0)
  for (const text of configurations) t.ok(configOf('/etc/hushfs/hushfs.yaml', text).secrets.length > 0)
  t.end()
})

t.test('the README names every key of the configuration and every source', (t) => {
  const secret = keysAt(['secrets', 'name'])
  t.ok(secret.includes('source'))
  for (const key of [...keysAt([]), ...secret]) t.match(readme, `\`${key}\``, key)
  for (const kind of sourceKinds) t.match(readme, `\`{${kind}: `, kind)
  t.end()
})

t.test('ARCHITECTURE.md has the folders of src and the rules of their imports', (t) => {
  const { forbidden } = createRequire(import.meta.url)('../support/import-rules.cjs') as {
    forbidden: { name: string; to: { pathNot?: string } }[]
  }
  const rules = new Map(
    forbidden.flatMap(({ name, to }) => {
      const folders = name.endsWith('-imports')
        ? /\((.*)\)/.exec(to.pathNot ?? '')?.[1]?.split('|')
        : undefined
      return folders === undefined ? [] : [[folders[0] ?? '', folders.slice(1)] as const]
    }),
  )
  const rows = read('ARCHITECTURE.md').matchAll(/^\| `src\/([a-z]+)` \| .* \| (.*?) \|$/gm)
  const table = new Map([...rows].map(([, folder = '', imports = '']) => [folder, imports]))
  t.strictSame([...table.keys()].sort(), [...rules.keys()].sort())
  const folders = readdirSync(join(root, 'src'))
  for (const folder of folders) t.ok(table.has(folder), `src/${folder}`)
  for (const [folder, others] of rules) {
    const everything = [...rules.keys()].filter((other) => other !== 'cli' && other !== folder)
    const wording = everything.every((other) => others.includes(other))
      ? /^all( but cli)?$/
      : new RegExp(`^${others.join(', ') || 'nothing'}$`)
    t.match(table.get(folder), wording, folder)
  }
  t.end()
})

t.test('every link to a file of the project leads somewhere', (t) => {
  let links = 0
  for (const page of pages)
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : relative(root, join(root, dirname(page), path))
      t.ok(existsSync(join(root, file)), `${page}: ${target}`)
      if (anchor !== undefined) t.ok(anchorsOf(file).includes(anchor), `${page}: ${target}`)
      links++
    }
  t.ok(links > 30)
  t.end()
})

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

t.test('what a page names in backticks as a file of the project is there', (t) => {
  let named = 0
  for (const page of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'])
    for (const [, path = ''] of read(page).matchAll(
      /`((?:src|test|bench|man|native-notes|nixos-module)\/[\w./-]+)`/g,
    )) {
      if (made.has(path)) continue
      t.ok(existsSync(join(root, path)), `${page}: ${path}`)
      named++
    }
  t.ok(named > 10)
  t.end()
})

t.test('what the package ships is there', (t) => {
  const { files } = JSON.parse(read('package.json')) as { files: string[] }
  for (const file of files.filter((name) => name !== 'dist')) t.ok(existsSync(join(root, file)), file)
  t.ok(statSync(join(root, '.ci/run')).mode & 0o100, '.ci/run can be run')
  execFileSync('bash', ['-n', join(root, '.ci/run')])
  t.end()
})
