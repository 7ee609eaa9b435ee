import { isMap } from '../base/is-map.ts'
import { pathPattern } from './fields.ts'
import { secretSchema } from './schema.ts'

/** Kinds of sources that are nothing but a path. */
const PATHS: ReadonlySet<string> = new Set(['sealed', 'age', 'file'])

/**
 * Recognizes most secrets that `secretSchema` accepts, at a small part of its cost: many secrets have few different owners, modes and units. False says nothing.
 */
export class PlainSecrets {
  /** By key, the texts, numbers and booleans that its schema has accepted. */
  readonly #single = new Map<string, Set<unknown>>()
  /** By key, the lists of texts, as JSON. */
  readonly #lists = new Map<string, Set<unknown>>()

  accepts(value: unknown): boolean {
    if (!isMap(value) || !Object.hasOwn(value, 'source')) return false
    for (const key of Object.keys(value)) {
      const isGood = key === 'source' ? isPlainSource(value[key]) : this.#isAccepted(key, value[key])
      if (!isGood) return false
    }
    return true
  }

  /** The schema of a secret is strict and looks at each key by itself. */
  #isAccepted(key: string, value: unknown): boolean {
    const isList = Array.isArray(value)
    if (isList ? !value.every((item) => typeof item === 'string') : typeof value === 'object') return false
    const known = isList ? JSON.stringify(value) : value
    const accepted = isList ? this.#lists : this.#single
    if (accepted.get(key)?.has(known)) return true
    if (!Object.hasOwn(secretSchema.shape, key)) return false
    if (!secretSchema.shape[key as keyof typeof secretSchema.shape].safeParse(value).success) return false
    const texts = accepted.get(key) ?? new Set()
    accepted.set(key, texts.add(known))
    return true
  }
}

function isPlainSource(value: unknown): boolean {
  if (!isMap(value)) return false
  const [kind, more] = Object.keys(value)
  if (kind === undefined || more !== undefined || !PATHS.has(kind)) return false
  const path = value[kind]
  return typeof path === 'string' && pathPattern.test(path)
}
