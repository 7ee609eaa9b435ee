import { HashOrder } from './hash-order.ts'
import { ID_LIMIT } from './node-id.ts'

interface Entry {
  readonly id: number
  readonly kind: string
}

/** What READDIR shows of a directory. */
export class Listed<Node extends Entry> implements Iterable<Node> {
  /** How many of them are directories. */
  folders = 0
  #nodes: readonly Node[] | undefined
  readonly #added: Node[] = []

  add(node: Node): void {
    if (node.kind === 'directory') this.folders++
    this.#added.push(node)
    this.#nodes = undefined
  }

  /** By node id, which is also the offset of an entry: stable while tables change. Sorted when somebody asks: of many secrets hardly anybody wants a list. */
  get inOrder(): readonly Node[] {
    this.#nodes ??= new HashOrder(this.#added, ID_LIMIT).items
    return this.#nodes
  }

  /** In no order. */
  [Symbol.iterator](): Iterator<Node> {
    return this.#added.values()
  }
}
