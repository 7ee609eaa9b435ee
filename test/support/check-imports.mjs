// `npm run imports [-- ROOT]`: the import direction of src/, by dependency-cruiser and import-rules.cjs. A run that didn't examine every file of
// src/ fails: an unsupported TypeScript or a moved folder makes dependency-cruiser examine nothing and pass.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'

const home = resolve(import.meta.dirname, '../..')
const root = resolve(process.argv[2] ?? home)
process.chdir(root)

const { forbidden, options } = createRequire(import.meta.url)('./import-rules.cjs')
const { output } = await cruise(['src'], { ...options, ruleSet: { forbidden }, validate: true })
const { summary, modules } = output

const examined = new Set(modules.map(({ source }) => source))
const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name))
const missed = files.filter((file) => !examined.has(file))
const edges = modules.reduce((sum, { dependencies }) => sum + dependencies.length, 0)

const problems = [
  ...(files.length === 0 ? ['src/ has no TypeScript file'] : []),
  ...missed.map((file) => `${file}: was not examined`),
  ...(files.length > 1 && edges < files.length - 1
    ? [`only ${edges} imports were found in ${files.length} files`]
    : []),
  ...summary.violations.map(({ rule, from, to, cycle }) => {
    const path = cycle?.map(({ name }) => name ?? String(name)).join(' -> ') ?? to
    return `${from} -> ${path}: ${rule.name}`
  }),
]
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`${files.length} files and ${edges} imports examined: no import goes against its direction`)
