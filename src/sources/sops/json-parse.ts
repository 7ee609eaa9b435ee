import { visit } from 'jsonc-parser'
import { SourceError } from '../../base/errors.ts'
import { formatPlain, int64Text, parseFloat64 } from './go-number.ts'
import { leaf, NULL, type Leaf, type MapNode, type Tree } from './tree.ts'

/** The one document of a JSON file, in the order of the file. Throws SourceError without the file's name. */
export function parseJson(text: string): MapNode[] {
  try {
    JSON.parse(text)
  } catch {
    throw new SourceError('it is not JSON')
  }
  const builder = new Builder()
  visit(text, {
    onObjectBegin: () => builder.open({ kind: 'map', items: [] }),
    onArrayBegin: () => builder.open({ kind: 'list', items: [] }),
    onObjectProperty: (name) => builder.name(name),
    onLiteralValue: (value: unknown, offset, length) =>
      builder.add(typeof value === 'number' ? numberOf(text.slice(offset, offset + length)) : leafOf(value)),
    onObjectEnd: () => builder.close(),
    onArrayEnd: () => builder.close(),
  })
  if (builder.root?.kind === 'map') return [builder.root]
  throw new SourceError('the JSON is not an object')
}

function leafOf(value: unknown): Leaf {
  if (typeof value === 'string') return leaf('str', value)
  return typeof value === 'boolean' ? leaf('bool', value ? 'True' : 'False') : NULL
}

/** An integer of 64 bits, else a float64 (stores/json/store.go, normalizeJSONNumber). */
function numberOf(text: string): Leaf {
  // More digits than 64 bits have; BigInt takes quadratic time for a million.
  const decimal = /^-?[0-9]{1,20}$/.test(text) ? int64Text(BigInt(text)) : undefined
  if (decimal !== undefined) return leaf('int', decimal)
  const value = parseFloat64(text)
  if (value === undefined) throw new SourceError('the JSON has a number that is too large')
  return leaf('float', formatPlain(value))
}

class Builder {
  root: Tree | undefined
  readonly #open: Exclude<Tree, Leaf>[] = []
  readonly #names: (Set<string> | undefined)[] = []
  #name = ''

  open(node: Exclude<Tree, Leaf>): void {
    this.add(node)
    this.#open.push(node)
    this.#names.push(undefined)
  }

  close(): void {
    this.#open.pop()
    this.#names.pop()
  }

  /** JSON allows a name twice and sops keeps both; which one a reader gets is anybody's guess. */
  name(name: string): void {
    const names = (this.#names[this.#names.length - 1] ??= new Set())
    if (names.has(name))
      throw new SourceError(`the JSON has the name ${JSON.stringify(name)} twice in an object`)
    names.add(name)
    this.#name = name
  }

  add(tree: Tree): void {
    const parent = this.#open.at(-1)
    if (parent === undefined) this.root = tree
    else if (parent.kind === 'list') parent.items.push(tree)
    else parent.items.push({ kind: 'entry', key: this.#name, value: tree })
  }
}
