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
  #nodes: Node[] = []
  #isInOrder = true

  add(node: Node): void {
    if (node.kind === 'directory') this.folders++
    this.#nodes.push(node)
    this.#isInOrder = false
  }

  /** By node id, which is also the offset of an entry: stable while tables change. Sorted when somebody asks: of many secrets hardly anybody wants a list. */
  get inOrder(): readonly Node[] {
    if (!this.#isInOrder) this.#nodes = new HashOrder(this.#nodes, ID_LIMIT).items
    this.#isInOrder = true
    return this.#nodes
  }

  /** In no order. */
  [Symbol.iterator](): Iterator<Node> {
    return this.#nodes.values()
  }
}
