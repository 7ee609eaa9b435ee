import { closest, distance } from 'fastest-levenshtein'
import type * as z from 'zod/mini'
import { oneLine } from '../base/log.ts'
import { keysAt } from './schema.ts'

/** Keys and list positions from the top of the document. */
export type KeyPath = readonly (string | number)[]

/** One thing that is wrong with a configuration. */
export interface Problem {
  readonly path: KeyPath
  /** In plain words; never a value of the file. */
  readonly message: string
}

/** What zod found below `path`, one problem for each. */
export function problemsOf(error: z.core.$ZodError, path: KeyPath): Problem[] {
  const unknown = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? [String(issue.path)] : [],
  )
  return error.issues.flatMap((issue) => {
    const at = [...path, ...(issue.path as (string | number)[])]
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: [...at, key], message: unknownKey(key, keysAt(at)) }))
    // A map with an unknown key isn't also blamed for the keys that it lacks.
    if (issue.code === 'custom' && unknown.includes(String(issue.path))) return []
    return [{ path: at, message: issue.message }]
  })
}

function unknownKey(name: string, known: readonly string[]): string {
  const key = oneLine(name)
  const near = nearestOf(key, known)
  if (near !== undefined) return `unknown key \`${key}\`; did you mean \`${near}\`?`
  return known.length > 0
    ? `unknown key \`${key}\`; expected one of ${known.join(', ')}`
    : `unknown key \`${key}\``
}

/** The word that was probably meant. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  const near = known.length > 0 ? closest(word, [...known]) : ''
  return near !== '' && distance(word, near) <= 2 ? near : undefined
}

/** The path as a person writes it: `secrets."db/password".units[0]`. */
export function describePath(path: KeyPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      const word = /^[\w-]+$/.test(part) ? part : JSON.stringify(part)
      return index === 0 ? word : `.${word}`
    })
    .join('')
}
