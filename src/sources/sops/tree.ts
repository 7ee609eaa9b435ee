/**
 * A sops document as sops itself has it: ordered maps, lists, scalars, and comments as items between them (sops.go, TreeBranch).
 * A scalar that is still encrypted is a string that starts with `ENC[`.
 */
export type Tree = Leaf | MapNode | ListNode

export type LeafType = 'str' | 'int' | 'float' | 'bool' | 'time' | 'null'

/**
 * One scalar. `bytes` is what its MAC is over (sops.go, ToBytes): a string's own bytes; an int in decimal; a float in decimal without
 * exponent; `True` or `False`; a time as RFC 3339; nothing for null.
 */
export interface Leaf {
  readonly kind: 'leaf'
  readonly type: LeafType
  readonly bytes: Uint8Array
}

export interface Comment {
  readonly kind: 'comment'
  /** What follows the comment character. */
  readonly bytes: Uint8Array
  /** On the line of the value that comes next in the list of items. */
  readonly inline: boolean
}

export interface Entry {
  readonly kind: 'entry'
  readonly key: string
  value: Tree
}

export interface MapNode {
  readonly kind: 'map'
  items: (Comment | Entry)[]
}

export interface ListNode {
  readonly kind: 'list'
  items: (Comment | Tree)[]
}

export const NULL: Leaf = { kind: 'leaf', type: 'null', bytes: new Uint8Array() }

export function leaf(type: LeafType, text: string): Leaf {
  return { kind: 'leaf', type, bytes: Buffer.from(text) }
}

export function comment(text: string, inline = false): Comment {
  return { kind: 'comment', bytes: Buffer.from(text), inline }
}

/** The first entry of that key. */
export function entryOf(map: MapNode, key: string): Entry | undefined {
  return map.items.find((item): item is Entry => item.kind === 'entry' && item.key === key)
}

/** The entries of a map without its comments. */
export function entriesOf(map: MapNode): Entry[] {
  return map.items.filter((item) => item.kind === 'entry')
}

/** The values of a list without its comments. */
export function valuesOf(list: ListNode): Tree[] {
  return list.items.filter((item) => item.kind !== 'comment')
}
