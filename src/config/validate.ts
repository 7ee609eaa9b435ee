import { isMap } from '../base/is-map.ts'
import { oneLine } from '../base/log.ts'
import { nameProblem } from '../base/secret-name.ts'
import { columnsOf } from './map-columns.ts'
import { PlainSecrets } from './plain.ts'
import { problemsOf, type Problem } from './problems.ts'
import { documentSchema, secretSchema, templateSchema, type SecretInput } from './schema.ts'
import { vaultName } from './vault-fields.ts'
import { vaultSchema } from './vault-schema.ts'

/** Everything that is wrong with a parsed document; none: it is a `DocumentInput`. */
export function problemsIn(raw: unknown): Problem[] {
  const document = documentSchema.safeParse(withoutEntries(raw))
  const problems = document.success ? [] : problemsOf(document.error, [])
  const maps = { secrets: mapOf(raw, 'secrets'), templates: mapOf(raw, 'templates') }
  const templates = Object.entries(maps.templates)
  const vaults = Object.entries(mapOf(raw, 'vaults'))
  const servers = vaults.map(([name]) => name)
  const plain = new PlainSecrets()
  for (const [name, value] of vaults) problems.push(...vaultProblems(name, value))
  const { keys, values } = columnsOf(maps.secrets)
  for (const [index, name] of keys.entries())
    if (!plain.accepts(values[index]) || nameProblem(name) !== undefined)
      problems.push(...secretProblems(name, values[index], servers))
  for (const [name, value] of templates) problems.push(...templateProblems(name, value))
  for (const [name] of templates)
    if (Object.hasOwn(maps.secrets, name))
      problems.push({
        path: ['templates', name],
        message: 'a secret has the same name; rename one of them',
      })
  return [...problems, ...folderConflicts(maps)]
}

/** The document with these maps empty: each entry of them is looked at by itself. */
function withoutEntries(raw: unknown): unknown {
  if (!isMap(raw)) return raw
  const document: Record<string, unknown> = Object.fromEntries(Object.entries(raw))
  for (const key of ['secrets', 'templates', 'vaults'])
    if (Object.hasOwn(raw, key) && isMap(raw[key])) document[key] = {}
  return document
}

/** Not a zod record: that would drop a secret named `__proto__`. */
function mapOf(raw: unknown, key: string): Record<string, unknown> {
  const value = isMap(raw) && Object.hasOwn(raw, key) ? raw[key] : undefined
  return isMap(value) ? value : {}
}

function vaultProblems(name: string, value: unknown): Problem[] {
  const path = ['vaults', name]
  const errors = [vaultName.safeParse(name), vaultSchema.safeParse(value)].map(({ error }) => error)
  return errors.flatMap((error) => (error === undefined ? [] : problemsOf(error, path)))
}

function secretProblems(name: string, value: unknown, servers: readonly string[]): Problem[] {
  const path = ['secrets', name]
  const { data, error } = secretSchema.safeParse(value)
  const problems = error === undefined ? unknownServer(path, data, servers) : problemsOf(error, path)
  return [...nameProblems('secret', path, name), ...problems]
}

function templateProblems(name: string, value: unknown): Problem[] {
  const path = ['templates', name]
  const { error } = templateSchema.safeParse(value)
  return [...nameProblems('template', path, name), ...(error === undefined ? [] : problemsOf(error, path))]
}

function nameProblems(what: string, path: string[], name: string): Problem[] {
  const fault = nameProblem(name)
  return fault === undefined ? [] : [{ path, message: `the name of a ${what} ${fault}` }]
}

/** A secret must name one of several vaults, and none that isn't there. */
function unknownServer(secret: string[], { source }: SecretInput, vaults: readonly string[]): Problem[] {
  const { vault } = source
  if (vault === undefined) return []
  const path = [...secret, 'source', 'vault']
  if (vault.server === undefined) {
    if (vaults.length === 1) return []
    const message =
      vaults.length === 0
        ? 'there is no server to ask; describe it under `vaults`'
        : `expected \`server\`, one of ${vaults.map(oneLine).join(', ')}`
    return [{ path, message }]
  }
  if (vaults.includes(vault.server)) return []
  const known = vaults.length === 0 ? 'there are none' : `there is ${vaults.map(oneLine).join(', ')}`
  return [{ path: [...path, 'server'], message: `no such server under \`vaults\`; ${known}` }]
}

/** `a` is a file and `a/b` makes it a folder. One look-up per slash, because a file may declare 100,000 secrets. */
function folderConflicts(kinds: Readonly<Record<string, Record<string, unknown>>>): Problem[] {
  const maps = Object.values(kinds)
  const isTaken = (name: string) => maps.some((map) => Object.hasOwn(map, name))
  const problems: Problem[] = []
  for (const [kind, map] of Object.entries(kinds))
    for (const name of columnsOf(map).keys) {
      const folder = folderIn(name, isTaken)
      if (folder === undefined) continue
      const message = `\`${oneLine(folder)}\` is a secret too, so it can't be the folder of \`${oneLine(name)}\`; rename one of them`
      problems.push({ path: [kind, name], message })
    }
  return problems
}

function folderIn(name: string, isTaken: (name: string) => boolean): string | undefined {
  for (let end = name.indexOf('/'); end >= 0; end = name.indexOf('/', end + 1)) {
    const folder = name.slice(0, end)
    if (isTaken(folder)) return folder
  }
  return undefined
}
