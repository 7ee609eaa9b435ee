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
  readonly #added: Node[] = []
  /** Those that nobody has added: made when somebody asks, because of many secrets hardly anybody wants a list. */
  readonly #others: () => Iterable<Node>
  #inOrder: readonly Node[] | undefined

  /** `others` are the same each time. */
  constructor(others: () => Iterable<Node>) {
    this.#others = others
  }

  add(node: Node): void {
    if (node.kind === 'directory') this.folders++
    this.#added.push(node)
    this.#inOrder = undefined
  }

  /** By node id, which is also the offset of an entry: stable while tables change. */
  get inOrder(): readonly Node[] {
    return (this.#inOrder ??= new HashOrder([...this], ID_LIMIT).items)
  }

  /** In no order. */
  *[Symbol.iterator](): Iterator<Node> {
    yield* this.#added
    yield* this.#others()
  }
}
