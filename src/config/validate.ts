import { oneLine } from '../base/log.ts'
import { nameProblem } from '../base/secret-name.ts'
import { problemsOf, type Problem } from './problems.ts'
import { documentSchema, secretSchema } from './schema.ts'

/** Everything that is wrong with a parsed document; none: it is a `DocumentInput`. */
export function problemsIn(raw: unknown): Problem[] {
  const document = documentSchema.safeParse(raw)
  const problems = document.success ? [] : problemsOf(document.error, [])
  const secrets = isMap(raw) && Object.hasOwn(raw, 'secrets') ? raw['secrets'] : undefined
  if (!isMap(secrets)) return problems
  // Not a zod record: that would drop a secret named `__proto__`.
  for (const [name, value] of Object.entries(secrets)) {
    const fault = nameProblem(name)
    if (fault !== undefined)
      problems.push({ path: ['secrets', name], message: `the name of a secret ${fault}` })
    const secret = secretSchema.safeParse(value)
    if (!secret.success) problems.push(...problemsOf(secret.error, ['secrets', name]))
  }
  return [...problems, ...folderConflicts(Object.keys(secrets))]
}

/** `a` is a file and `a/b` makes it a folder. One look-up per slash, because a file may declare 100,000 secrets. */
function folderConflicts(names: readonly string[]): Problem[] {
  const all = new Set(names)
  return names.flatMap((name) => {
    const folder = foldersOf(name).find((prefix) => all.has(prefix))
    if (folder === undefined) return []
    const message = `\`${oneLine(folder)}\` is a secret too, so it can't be the folder of \`${oneLine(name)}\`; rename one of them`
    return [{ path: ['secrets', name], message }]
  })
}

function foldersOf(name: string): string[] {
  const parts = name.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
