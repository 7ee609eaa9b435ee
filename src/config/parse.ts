import { load, YAMLException } from 'js-yaml'
import { ConfigError } from '../base/errors.ts'
import { isMap } from '../base/is-map.ts'
import { columnsOf } from './map-columns.ts'

/** Parse YAML 1.2 or JSON. Throws `ConfigError` with a place; a message of the YAML library's own would quote the file. */
export function parseDocument(file: string, text: string): unknown {
  return parseJson(text) ?? parseYaml(file, text)
}

/** A fast path for generated files: undefined when this isn't JSON, or a key occurs twice. */
function parseJson(text: string): unknown {
  if (!text.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return hasColons(text, countKeys(value)) ? value : undefined
  } catch {
    return undefined
  }
}

/** JSON.parse keeps the last of two equal keys, so a file with a duplicate has more colons than its value has keys. */
function countKeys(root: unknown): number {
  if (!isMap(root)) return countBelow([root])
  const { keys, values } = columnsOf(root)
  return values.reduce<number>((count, value) => {
    if (!isMap(value)) return count + countBelow([value])
    // Whoever goes through the maps of the document after this wants their columns too.
    const inner = columnsOf(value)
    return count + inner.keys.length + countBelow(inner.values)
  }, keys.length)
}

/** In these values, however deep. */
function countBelow(values: readonly unknown[]): number {
  let count = 0
  const rest = values.filter(isObject)
  for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
    if (Array.isArray(value)) {
      for (const child of value as unknown[]) if (isObject(child)) rest.push(child)
      continue
    }
    // What JSON.parse makes has own keys alone.
    for (const key in value) {
      count++
      const child = (value as Record<string, unknown>)[key]
      if (isObject(child)) rest.push(child)
    }
  }
  return count
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Are there so many colons outside the strings of a valid JSON text, where it has at least that many? In most there are none in strings, and all can be counted at once. */
function hasColons(text: string, count: number): boolean {
  let all = 0
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) all++
  return all === count || countColons(text) === count
}

/** Colons outside the strings of a valid JSON text. */
function countColons(text: string): number {
  let colons = 0
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x3a) colons++
    else if (c === 0x22) at = endOfString(text, at)
  }
  return colons
}

/** Index of the quote that closes the JSON string whose opening quote is at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === 0x5c) first--
  return (at - first) % 2 === 1
}

function parseYaml(file: string, text: string): unknown {
  try {
    return load(text)
  } catch (error) {
    if (!(error instanceof YAMLException))
      throw new ConfigError({ file }, 'not YAML or JSON', { cause: error })
    const place =
      error.mark === undefined ? { file } : { file, line: error.mark.line + 1, column: error.mark.column + 1 }
    throw new ConfigError(place, wordsFor(error.reason))
  }
}

function wordsFor(reason: string): string {
  if (reason === 'duplicated mapping key') return 'this key occurs twice in the same map'
  if (reason.startsWith('expected a document')) return 'the file is empty'
  return `not valid YAML: ${reason}`
}
