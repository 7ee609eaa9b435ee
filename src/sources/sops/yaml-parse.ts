import {
  type Alias,
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  Scalar,
  type Document,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { SourceError } from '../../base/errors.ts'
import type { ListNode, MapNode, Tree } from './tree.ts'
import { commentsIn, placeComments, type Container, type Slot } from './yaml-comments.ts'
import { resolveScalar } from './yaml-scalar.ts'

/** More nodes than a file of secrets has; aliases of aliases would make as many as anybody likes. */
const MAX_NODES = 1_000_000

/** The documents of a YAML file as Go's yaml.v3 reads them. Throws SourceError without the file's name. */
export function parseYaml(text: string): MapNode[] {
  const lines = new LineCounter()
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  // Plain scalars are resolved by our own rules; uniqueness is checked in linear time.
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, prettyErrors: false, merge: false })
  const documents = [...composer.compose(tokens)]
  const comments = commentsIn(tokens)
  return documents.map((document, index) => {
    const end = documents[index + 1]?.range[0] ?? Infinity
    const start = index === 0 ? -1 : document.range[0]
    const builder = new Builder(document, lines)
    const root = builder.build()
    placeComments(
      comments.filter(({ offset }) => offset >= start && offset < end),
      { root, slots: builder.slots, lines, text },
    )
    return root.node
  })
}

class Builder {
  readonly slots: Slot[] = []
  readonly #document: Document.Parsed
  readonly #lines: LineCounter
  /** `yaml` searches the document anew for each alias. */
  readonly #anchors = new Map<string, Node>()
  #nodes = 0

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  build(): Container & { node: MapNode } {
    const [error] = this.#document.errors
    if (error !== undefined) {
      const { line } = this.#lines.linePos(error.pos[0])
      throw new SourceError(`it is not YAML: line ${line}: ${error.code}`)
    }
    const contents = this.#document.contents as Node | null
    const container = { node: { kind: 'map', items: [] } as MapNode, parent: undefined, index: 0, column: 1 }
    if (contents === null || (isScalar(contents) && this.#scalar(contents).type === 'null')) return container
    if (!isMap(contents)) throw new SourceError('a document of the YAML is not a map')
    this.#note(contents)
    this.#map(contents, container, true)
    return container
  }

  /** `own`: the node is where it is written, not behind an alias. */
  #tree(node: unknown, parent: Container, index: number, own: boolean): Tree {
    this.#nodes += 1
    if (this.#nodes > MAX_NODES) throw new SourceError(`the YAML has more than ${MAX_NODES} values`)
    if (isAlias(node)) return this.#tree(this.#target(node), parent, index, false)
    if (own) this.#note(node as Node)
    if (isScalar(node)) return this.#scalar(node)
    if (isMap(node)) {
      const map: MapNode = { kind: 'map', items: [] }
      this.#map(node, { node: map, parent, index, column: this.#columnOf(node) }, own)
      return map
    }
    if (!isSeq(node)) throw new SourceError('the YAML has a value of no known kind')
    const list: ListNode = { kind: 'list', items: [] }
    this.#list(node, { node: list, parent, index, column: this.#columnOf(node) }, own)
    return list
  }

  #map({ items }: YAMLMap, container: Container & { node: MapNode }, own: boolean): void {
    const keys = new Set<string>()
    container.column = own && items.length > 0 ? this.#columnOf(items[0]?.key as Node) : container.column
    for (const [index, { key: node, value }] of items.entries()) {
      const key = this.#key(node)
      if (keys.has(key)) throw new SourceError(`the YAML has the key ${JSON.stringify(key)} twice in a map`)
      keys.add(key)
      if (own)
        this.slots.push({ offset: startOf(node as Node), container, index, leaf: !isCollection(value) })
      const tree = this.#tree(value ?? nothing, container, index, own)
      container.node.items.push({ kind: 'entry', key, value: tree })
    }
  }

  #list({ items }: YAMLSeq, container: Container & { node: ListNode }, own: boolean): void {
    for (const [index, item] of items.entries()) {
      if (own) this.slots.push({ offset: startOf(item as Node), container, index, leaf: !isCollection(item) })
      container.node.items.push(this.#tree(item, container, index, own))
    }
  }

  /** sops takes nothing but strings as keys. */
  #key(node: unknown): string {
    const scalar = isAlias(node) ? this.#target(node) : node
    if (isScalar(node)) this.#note(node)
    const key = isScalar(scalar) ? this.#scalar(scalar) : undefined
    if (key?.type === 'str') return Buffer.from(key.bytes).toString()
    throw new SourceError('the YAML has a key that is not a string; quote it')
  }

  #note(node: Node): void {
    const { anchor } = node as { anchor?: string }
    if (anchor !== undefined) this.#anchors.set(anchor, node)
  }

  #target({ source }: Alias): Node {
    const target = this.#anchors.get(source)
    if (target === undefined) throw new SourceError('the YAML has an alias without an anchor')
    return target
  }

  #scalar({ source, type, tag }: Scalar): ReturnType<typeof resolveScalar> {
    return resolveScalar(source ?? '', type === 'PLAIN' || type === undefined, tag)
  }

  #columnOf(node: Node): number {
    return this.#lines.linePos(startOf(node)).col
  }
}

/** A key without a value. */
const nothing = new Scalar('')

function isCollection(node: unknown): boolean {
  return isMap(node) || isSeq(node)
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0
}
