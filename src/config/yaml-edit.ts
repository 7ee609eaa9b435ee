import { isMap, isScalar, parseDocument, stringify, type Node, type Pair, type YAMLMap } from 'yaml'

/** Fields of a secret as the file has them; a key with undefined is left out. */
export type Fields = Readonly<Record<string, unknown>>

/** Replace `text[start, end)` by `insert`. */
interface Splice {
  readonly start: number
  readonly end: number
  readonly insert: string
}

/** Secrets by name. */
type Entries = ReadonlyMap<string, Fields>

/**
 * Edits of a YAML text that touch only the lines of the given secrets, so that comments, order, quotes and white space stay. Undefined where the
 * text has a shape that isn't handled line by line. The caller compares what the result means with what it should mean.
 */
export function setInText(text: string, entries: Entries): string | undefined {
  const root = parseDocument(text).contents
  if (!isMap(root) || root.flow === true) return undefined
  const secrets = pairOf(root, 'secrets')
  if (secrets === undefined) return `${withNewline(text)}secrets:\n${lines(entries, 2, '\n')}\n`
  if (!isMap(secrets.value) || secrets.value.items.length === 0) return fillEmpty(text, secrets, entries)
  const known = pairsOf(secrets.value)
  const splices: Splice[] = []
  for (const [name, fields] of entries) {
    const existing = known.get(name)
    if (existing === undefined) continue
    const own = isMap(existing.value) ? setFields(text, existing.value, fields) : undefined
    if (own === undefined) return undefined
    splices.push(...own)
  }
  const fresh = new Map([...entries].filter(([name]) => !known.has(name)))
  const added = fresh.size === 0 ? [] : addEntries(text, secrets.value, fresh)
  return added === undefined ? undefined : apply(text, [...splices, ...added])
}

/** Without the lines of one secret; undefined as above. */
export function removeFromText(text: string, name: string): string | undefined {
  const root = parseDocument(text).contents
  const secrets = isMap(root) ? pairOf(root, 'secrets')?.value : undefined
  if (!isMap(secrets) || secrets.flow === true) return undefined
  const pair = pairOf(secrets, name)
  if (pair === undefined) return undefined
  const start = text.lastIndexOf('\n', startOf(pair.key)) + 1
  const end = Math.min(endOfLine(text, endOf(text, pair.value)) + 1, text.length)
  return apply(text, [{ start, end, insert: '' }])
}

/** The same by way of the whole document: comments stay, white space is laid out anew. */
export function setInDocument(text: string, entries: Entries): string {
  const document = parseDocument(text)
  for (const [name, fields] of entries)
    for (const [key, value] of entriesOf(fields))
      document.setIn(['secrets', name, key], document.createNode(value, { flow: true }))
  return document.toString(LAYOUT)
}

export function removeFromDocument(text: string, name: string): string {
  const document = parseDocument(text)
  document.deleteIn(['secrets', name])
  return document.toString(LAYOUT)
}

const LAYOUT = { lineWidth: 0, flowCollectionPadding: false } as const

function pairOf(map: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
  return pairsOf(map).get(key)
}

function pairsOf(map: YAMLMap): Map<string, Pair<Node, Node | null>> {
  const pairs = map.items as Pair<Node, Node | null>[]
  return new Map(pairs.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])))
}

/** `secrets:` alone, or with `{}`, `~` or comments: the entries come right below. */
function fillEmpty(text: string, secrets: Pair<Node, Node | null>, entries: Entries): string {
  const [start = 0, end = 0] = secrets.value?.range ?? []
  const after = endOfLine(text, Math.max(endOf(text, secrets.key), end > start ? end : 0))
  const insert = `${eolOf(text)}${lines(entries, 2, eolOf(text))}`
  const blank = end > start ? [{ start, end, insert: '' }] : []
  return apply(text, [...blank, { start: after, end: after, insert }])
}

function addEntries(text: string, secrets: YAMLMap, entries: Entries): Splice[] | undefined {
  const pairs = secrets.items as Pair<Node, Node | null>[]
  const [first, last] = [pairs.at(0), pairs.at(-1)]
  if (secrets.flow === true || first === undefined || last === undefined) return undefined
  const at = endOfLine(text, endOf(text, last.value ?? last.key))
  const insert = `${eolOf(text)}${lines(entries, columnOf(text, first.key), eolOf(text))}`
  return [{ start: at, end: at, insert }]
}

function setFields(text: string, map: YAMLMap, fields: Fields): Splice[] | undefined {
  const pairs = map.items as Pair<Node, Node | null>[]
  const [first, last] = [pairs.at(0), pairs.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const lastEnd = endOf(text, last.value ?? last.key)
  return entriesOf(fields).map(([key, value]): Splice => {
    const pair = pairOf(map, key)
    if (pair?.value)
      return { start: startOf(pair.value), end: endOf(text, pair.value), insert: inline(value) }
    if (map.flow === true) return { start: lastEnd, end: lastEnd, insert: `, ${key}: ${inline(value)}` }
    const at = endOfLine(text, lastEnd)
    return {
      start: at,
      end: at,
      insert: `${eolOf(text)}${' '.repeat(columnOf(text, first.key))}${key}: ${inline(value)}`,
    }
  })
}

function lines(entries: Entries, indent: number, eol: string): string {
  return [...entries].map(([name, fields]) => entry(name, fields, indent, eol)).join(eol)
}

/** A whole secret as block lines, without the last line end. */
function entry(name: string, fields: Fields, indent: number, eol: string): string {
  const lines = entriesOf(fields).map(([key, value]) => `${' '.repeat(indent + 2)}${key}: ${inline(value)}`)
  return [`${' '.repeat(indent)}${inline(name)}:`, ...lines].join(eol)
}

function entriesOf(fields: Fields): [string, unknown][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined)
}

function inline(value: unknown): string {
  return stringify(value, { ...LAYOUT, collectionStyle: 'flow' }).trimEnd()
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0
}

/** Where the node's own text ends: a block node's range goes on to the next token. */
function endOf(text: string, node: Node | null): number {
  const [start, end] = node?.range ?? [0, 0]
  return start + text.slice(start, end).trimEnd().length
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  if (end < 0) return text.length
  return text[end - 1] === '\r' ? end - 1 : end
}

function columnOf(text: string, node: Node): number {
  return startOf(node) - text.lastIndexOf('\n', startOf(node)) - 1
}

function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}

/** Later places first, so that earlier offsets hold; splices at one place keep their order. */
function apply(text: string, splices: readonly Splice[]): string {
  return [...splices]
    .reverse()
    .sort((a, b) => b.start - a.start)
    .reduce((now, { start, end, insert }) => now.slice(0, start) + insert + now.slice(end), text)
}
