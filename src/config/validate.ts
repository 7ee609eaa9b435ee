import { oneLine } from '../base/log.ts'
import { nameProblem } from '../base/secret-name.ts'
import { problemsOf, type Problem } from './problems.ts'
import { documentSchema, secretSchema, type SecretInput } from './schema.ts'
import { vaultName } from './vault-fields.ts'
import { vaultSchema } from './vault-schema.ts'

/** Everything that is wrong with a parsed document; none: it is a `DocumentInput`. */
export function problemsIn(raw: unknown): Problem[] {
  const document = documentSchema.safeParse(raw)
  const problems = document.success ? [] : problemsOf(document.error, [])
  const vaults = mapAt(raw, 'vaults')
  for (const [name, value] of Object.entries(vaults)) {
    const named = vaultName.safeParse(name)
    if (!named.success) problems.push(...problemsOf(named.error, ['vaults', name]))
    const vault = vaultSchema.safeParse(value)
    if (!vault.success) problems.push(...problemsOf(vault.error, ['vaults', name]))
  }
  const secrets = mapAt(raw, 'secrets')
  // Not a zod record: that would drop a secret named `__proto__`.
  for (const [name, value] of Object.entries(secrets)) {
    const fault = nameProblem(name)
    if (fault !== undefined)
      problems.push({ path: ['secrets', name], message: `the name of a secret ${fault}` })
    const secret = secretSchema.safeParse(value)
    if (!secret.success) problems.push(...problemsOf(secret.error, ['secrets', name]))
    else problems.push(...unknownVault(name, secret.data, Object.keys(vaults)))
  }
  return [...problems, ...folderConflicts(Object.keys(secrets))]
}

/** A secret must name one of several vaults, and none that isn't there. */
function unknownVault(name: string, secret: SecretInput, vaults: readonly string[]): Problem[] {
  const { vault } = secret.source
  if (vault === undefined) return []
  const path = ['secrets', name, 'source', 'vault']
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

function mapAt(raw: unknown, key: string): Record<string, unknown> {
  const value = isMap(raw) && Object.hasOwn(raw, key) ? raw[key] : undefined
  return isMap(value) ? value : {}
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
