import { HashOrder } from './hash-order.ts'
import { ID_LIMIT } from './node-id.ts'

interface Entry {
  /** A hash of the path; many take a while. */
  readonly id: number
  readonly path: string
}

/** Nodes that are made when they are asked for, each once. */
interface Many<Node> extends Iterable<Node> {
  readonly length: number
  find(path: string): Node | undefined
}

/** The nodes of a tree, by path and by id. */
export class Nodes<Node extends Entry> {
  readonly #many: Many<Node>
  readonly #others = new Map<string, Node>()
  /** Those whose ids the kernel has been told since. */
  readonly #told = new Map<number, Node>()
  #byId: HashOrder<Node> | undefined
  /** A read asks for the same one several times. */
  #last: Node | undefined

  /** Throws when two have one path. */
  constructor(many: Many<Node>, others: Iterable<Node>) {
    this.#many = many
    for (const node of others) {
      if (this.at(node.path) !== undefined) throw new Error(`two nodes have the path ${node.path}`)
      this.#others.set(node.path, node)
    }
  }

  get count(): number {
    return this.#many.length + this.#others.size
  }

  at(path: string): Node | undefined {
    return this.#others.get(path) ?? this.#many.find(path)
  }

  /** The one at a path, which the kernel will ask for by its id. Throws when that is the id of another one. */
  tell(path: string): Node | undefined {
    const node = this.at(path)
    if (node === undefined || this.#byId !== undefined) return node
    mustBeSame(this.#told.get(node.id) ?? node, node)
    this.#told.set(node.id, node)
    return node
  }

  /** What an earlier server, or a list, has told the kernel makes the ids of all. Throws when two have one id. */
  get(id: number): Node | undefined {
    if (this.#last?.id === id) return this.#last
    const node = this.#told.get(id) ?? this.#ofAll(id)
    if (node !== undefined) this.#last = node
    return node
  }

  #ofAll(id: number): Node | undefined {
    if (this.#byId === undefined) {
      this.#byId = inOrder([...this.#many, ...this.#others.values()])
      this.#told.clear()
    }
    return this.#byId.get(id)
  }
}

function inOrder<Node extends Entry>(nodes: readonly Node[]): HashOrder<Node> {
  const order = new HashOrder(nodes, ID_LIMIT)
  for (const [index, node] of order.items.entries()) {
    const before = order.items[index - 1]
    if (before?.id === node.id) mustBeSame(before, node)
  }
  return order
}

function mustBeSame(one: Entry, other: Entry): void {
  if (one !== other) throw new Error(`${one.path} and ${other.path} have the node id ${one.id}`)
}
