import { isDeepStrictEqual } from 'node:util'
import { ConfigError } from '../base/errors.ts'
import type { setInJson } from './json-edit.ts'
import { configOf } from './load.ts'
import { parseDocument } from './parse.ts'
import { readConfigText } from './read.ts'
import { replaceFile } from './replace-file.ts'
import type { DocumentInput, SecretInput } from './schema.ts'
import type * as YamlEdit from './yaml-edit.ts'

/** Fields of a secret as the file has them; those with undefined, or absent, stay as they are. */
export type SecretFields = { readonly [Key in keyof SecretInput]?: SecretInput[Key] | undefined }

type Secrets = Record<string, Partial<SecretInput>>

/** Declare a secret, or change the given fields of one that is declared, as `declareSecrets` does. */
export async function declareSecret(file: string, name: string, fields: SecretFields): Promise<void> {
  await declareSecrets(file, new Map([[name, fields]]))
}

/**
 * Declare secrets by name, or change the given fields of those that are declared, all or none. Comments and formatting stay, JSON stays JSON, and
 * the file is replaced atomically, only by what loads without a problem. Throws `ConfigError`.
 */
export async function declareSecrets(
  file: string,
  entries: ReadonlyMap<string, SecretFields>,
): Promise<void> {
  const given = new Map(
    [...entries].map(([name, fields]): [string, Partial<SecretInput>] => [
      name,
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    ]),
  )
  await edit(file, {
    expected: (secrets) => withEntries(secrets, given),
    json: (text, set) =>
      [...given].reduce(
        (now, [name, fields]) =>
          Object.entries(fields).reduce(
            (then, [key, value]) => set(then, ['secrets', name, key], value),
            now,
          ),
        text,
      ),
    yaml: ({ setInText, setInDocument }, text) => [
      () => setInText(text, given),
      () => setInDocument(text, given),
    ],
  })
}

/** Take the declaration of a secret away; nothing happens where there is none. Throws `ConfigError`. */
export async function undeclareSecret(file: string, name: string): Promise<void> {
  await edit(file, {
    expected: (secrets) => Object.fromEntries(Object.entries(secrets).filter(([key]) => key !== name)),
    json: (text, set) => set(text, ['secrets', name], undefined),
    yaml: ({ removeFromText, removeFromDocument }, text) => [
      () => removeFromText(text, name),
      () => removeFromDocument(text, name),
    ],
  })
}

/** One edit in the three ways to do it, and what the secrets are afterwards. */
interface Edit {
  expected(secrets: Secrets): Secrets
  json(text: string, set: typeof setInJson): string
  /** Ways to try in this order. */
  yaml(editor: typeof YamlEdit, text: string): Way[]
}

async function edit(file: string, change: Edit): Promise<void> {
  const text = readConfigText(file)
  configOf(file, text)
  const before = parseDocument(file, text) as DocumentInput
  const secrets = change.expected(before.secrets ?? {})
  if (isDeepStrictEqual(secrets, before.secrets ?? {})) return
  for (const way of await waysOf(text, change, before)) {
    const after = resultOf(way)
    if (after === undefined || !means(file, after, { ...before, secrets })) continue
    configOf(file, after)
    replaceFile(file, after)
    return
  }
  throw new ConfigError({ file }, 'this file has a shape that hushfs does not edit; change it by hand')
}

type Way = () => string | undefined

async function waysOf(text: string, change: Edit, before: DocumentInput): Promise<Way[]> {
  if (!isJson(text)) return change.yaml(await import('./yaml-edit.ts'), text)
  const { setInJson: set } = await import('./json-edit.ts')
  return [() => change.json(before.secrets === null ? set(text, ['secrets'], {}) : text, set)]
}

/** The editing libraries throw on what they can't edit (a value behind an alias, an anchor that would go). */
function resultOf(way: Way): string | undefined {
  try {
    return way()
  } catch {
    return undefined
  }
}

/** An edit must do what it is meant to do and nothing else. */
function means(file: string, text: string, wanted: object): boolean {
  try {
    const found = parseDocument(file, text) as DocumentInput
    return isDeepStrictEqual({ ...found, secrets: found.secrets ?? {} }, wanted)
  } catch {
    return false
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Not by assignment, which would lose a secret named `__proto__`. */
function withEntries(secrets: Secrets, given: ReadonlyMap<string, Partial<SecretInput>>): Secrets {
  const all = new Map(Object.entries(secrets))
  for (const [name, fields] of given) all.set(name, { ...all.get(name), ...fields })
  return Object.fromEntries(all)
}
