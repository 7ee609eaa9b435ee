import { oneLine } from '../base/log.ts'
import { nameProblem } from '../base/secret-name.ts'
import { problemsOf, type Problem } from './problems.ts'
import { documentSchema, secretSchema, templateSchema } from './schema.ts'

/** Everything that is wrong with a parsed document; none: it is a `DocumentInput`. */
export function problemsIn(raw: unknown): Problem[] {
  const document = documentSchema.safeParse(raw)
  const problems = document.success ? [] : problemsOf(document.error, [])
  const secrets = mapOf(raw, 'secrets')
  const templates = mapOf(raw, 'templates')
  const taken = new Set(Object.keys(secrets))
  const twice = Object.keys(templates).filter((name) => taken.has(name))
  return [
    ...problems,
    ...Object.entries(secrets).flatMap(([name, value]) => entryProblems('secrets', name, value)),
    ...Object.entries(templates).flatMap(([name, value]) => entryProblems('templates', name, value)),
    ...twice.map((name) => ({
      path: ['templates', name],
      message: 'a secret has the same name; rename one of them',
    })),
    ...folderConflicts([...places('secrets', secrets), ...places('templates', templates)]),
  ]
}

/** Not a zod record: that would drop a secret named `__proto__`. */
function mapOf(raw: unknown, key: string): Record<string, unknown> {
  const value = isMap(raw) && Object.hasOwn(raw, key) ? raw[key] : undefined
  return isMap(value) ? value : {}
}

type Kind = 'secrets' | 'templates'

function entryProblems(kind: Kind, name: string, value: unknown): Problem[] {
  const fault = nameProblem(name)
  const path = [kind, name]
  const what = kind === 'secrets' ? 'secret' : 'template'
  const problems = fault === undefined ? [] : [{ path, message: `the name of a ${what} ${fault}` }]
  const parsed = (kind === 'secrets' ? secretSchema : templateSchema).safeParse(value)
  return parsed.success ? problems : [...problems, ...problemsOf(parsed.error, path)]
}

function places(kind: Kind, entries: Record<string, unknown>): [name: string, path: string[]][] {
  return Object.keys(entries).map((name) => [name, [kind, name]])
}

/** `a` is a file and `a/b` makes it a folder. One look-up per slash, because a file may declare 100,000 secrets. */
function folderConflicts(entries: readonly [name: string, path: string[]][]): Problem[] {
  const all = new Set(entries.map(([name]) => name))
  return entries.flatMap(([name, path]) => {
    const folder = foldersOf(name).find((prefix) => all.has(prefix))
    if (folder === undefined) return []
    const message = `\`${oneLine(folder)}\` is a secret too, so it can't be the folder of \`${oneLine(name)}\`; rename one of them`
    return [{ path, message }]
  })
}

function foldersOf(name: string): string[] {
  const parts = name.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
