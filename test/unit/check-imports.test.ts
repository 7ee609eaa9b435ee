import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'

type Tree = Record<string, string>

interface Folder {
  [name: string]: Folder | string
}

const script = resolve(import.meta.dirname, '../support/check-imports.mjs')

/** Exit status and messages of the check over a `src/` of these files. */
function check(dir: string): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [script, dir], { encoding: 'utf8' })
}

function place(t: Test, files: Tree): string {
  const tree: Folder = {}
  for (const [path, text] of Object.entries(files)) {
    const parts = path.split('/')
    const last = parts.pop() ?? ''
    let folder: Folder = tree
    for (const part of parts) folder = (folder[part] ??= {}) as Folder
    folder[last] = text
  }
  return t.testdir({ src: tree })
}

const leaf = 'export const x = 1\n'
const imports = (...paths: string[]) =>
  paths.map((path, index) => `import * as m${index} from '${path}'\nexport { m${index} }\n`).join('')

const violations: [string, Tree, string][] = [
  [
    'base imports something',
    { 'base/a.ts': imports('../sys/b.ts'), 'sys/b.ts': leaf },
    'src/base/a.ts -> src/sys/b.ts: base-imports',
  ],
  [
    'a type is an import too',
    {
      'vfs/a.ts': "import type { X } from '../cli/b.ts'\nexport type Y = X\n",
      'cli/b.ts': 'export type X = 1\n',
    },
    'src/vfs/a.ts -> src/cli/b.ts: vfs-imports',
  ],
  [
    'the daemon imports the command line',
    { 'daemon/a.ts': "export const m = () => import('../cli/b.ts')\n", 'cli/b.ts': leaf },
    'src/daemon/a.ts -> src/cli/b.ts: daemon-imports',
  ],
  [
    'a cycle',
    { 'base/a.ts': imports('./b.ts'), 'base/b.ts': imports('./a.ts') },
    'src/base/a.ts -> src/base/b.ts -> src/base/a.ts: no-cycles',
  ],
  ['koffi outside sys', { 'fuse/a.ts': imports('koffi') }, 'koffi/index.cjs: koffi-only-in-sys'],
  [
    'wire knows the device',
    { 'fuse/wire/a.ts': imports('../channel.ts'), 'fuse/channel.ts': leaf },
    'src/fuse/wire/a.ts -> src/fuse/channel.ts: wire-is-pure',
  ],
  ['wire does I/O', { 'fuse/wire/a.ts': imports('node:fs') }, 'src/fuse/wire/a.ts -> fs: wire-is-pure'],
  [
    'the worker reaches a private key',
    {
      'daemon/fuse-worker.ts': imports('./b.ts'),
      'daemon/b.ts': imports('../identity/load.ts'),
      'identity/load.ts': leaf,
    },
    'the-fuse-worker-opens-nothing',
  ],
  ['a folder without a rule', { 'helpers/a.ts': imports('node:fs') }, 'every-folder-has-a-rule'],
  ['a missing file', { 'base/a.ts': imports('./gone.ts') }, 'src/base/a.ts -> ./gone.ts: resolvable'],
]

for (const [what, files, message] of violations) {
  t.test(`refused: ${what}`, (t) => {
    const { status, stderr } = check(place(t, files))
    t.equal(status, 1)
    t.match(stderr, message)
    t.end()
  })
}

t.test('passes when every import goes the right way', (t) => {
  const { status, stderr } = check(
    place(t, { 'sys/a.ts': imports('../base/b.ts', 'koffi'), 'base/b.ts': imports('node:fs') }),
  )
  t.equal(stderr, '')
  t.equal(status, 0)
  t.end()
})

t.test('a check that examines nothing fails', (t) => {
  t.match(check(t.testdir({ src: {} })), { status: 1, stderr: /src\/ has no TypeScript file/ })
  t.match(check(place(t, { 'base/a.ts': leaf, 'base/b.ts': leaf, 'base/c.ts': leaf })), {
    status: 1,
    stderr: /only 0 imports/,
  })
  t.end()
})
