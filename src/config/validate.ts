import { oneLine } from '../base/log.ts'
import { nameProblem } from '../base/secret-name.ts'
import { problemsOf, type Problem } from './problems.ts'
import { documentSchema, secretSchema, templateSchema, type SecretInput } from './schema.ts'
import { vaultName } from './vault-fields.ts'
import { vaultSchema } from './vault-schema.ts'

/** Everything that is wrong with a parsed document; none: it is a `DocumentInput`. */
export function problemsIn(raw: unknown): Problem[] {
  const document = documentSchema.safeParse(raw)
  const problems = document.success ? [] : problemsOf(document.error, [])
  const secrets = mapOf(raw, 'secrets')
  const templates = mapOf(raw, 'templates')
  const vaults = mapOf(raw, 'vaults')
  const taken = new Set(Object.keys(secrets))
  const twice = Object.keys(templates).filter((name) => taken.has(name))
  const servers = Object.keys(vaults)
  return [
    ...problems,
    ...Object.entries(vaults).flatMap(([name, value]) => vaultProblems(name, value)),
    ...Object.entries(secrets).flatMap(([name, value]) => secretProblems(name, value, servers)),
    ...Object.entries(templates).flatMap(([name, value]) => templateProblems(name, value)),
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

function places(kind: string, entries: Record<string, unknown>): [name: string, path: string[]][] {
  return Object.keys(entries).map((name) => [name, [kind, name]])
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
