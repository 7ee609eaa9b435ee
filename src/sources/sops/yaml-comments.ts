import type { CST, LineCounter } from 'yaml'
import { comment, type ListNode, type MapNode } from './tree.ts'

/**
 * Puts the comments of a YAML document between the items of its tree, as sops has them. sops writes a comment on its own line in the
 * column of the items that it is among, above the next one or below the last, or behind the scalar of an item.
 */

/** A map or list in the text. */
export interface Container {
  readonly node: MapNode | ListNode
  readonly parent: Container | undefined
  /** Its place among the parent's items, not counting comments. */
  readonly index: number
  /** Where its items start, from 1. */
  column: number
}

/** The start of one item. */
export interface Slot {
  readonly offset: number
  readonly container: Container
  readonly index: number
  /** The item is a scalar or an alias: a comment on its line is its own. */
  readonly leaf: boolean
}

interface Found {
  readonly offset: number
  /** With its `#`. */
  readonly source: string
}

interface Place {
  readonly container: Container
  /** The item that it comes before. */
  readonly before: number
  readonly inline: boolean
}

interface Layout {
  readonly root: Container
  /** In the order of the text. */
  readonly slots: readonly Slot[]
  readonly lines: LineCounter
  readonly text: string
}

/** Every comment in tokens of the `yaml` parser, in the order of the text. */
export function commentsIn(tokens: readonly CST.Token[]): Found[] {
  const found: Found[] = []
  const open: unknown[] = [...tokens]
  while (open.length > 0) {
    const token = open.pop()
    if (typeof token !== 'object' || token === null) continue
    const { type, offset, source } = token as { type?: unknown; offset?: unknown; source?: unknown }
    if (type === 'comment' && typeof offset === 'number' && typeof source === 'string')
      found.push({ offset, source })
    for (const part of Object.values(token) as unknown[]) if (typeof part === 'object') open.push(part)
  }
  return found.sort((a, b) => a.offset - b.offset)
}

export function placeComments(comments: readonly Found[], layout: Layout): void {
  const places = new Map<Container, [Place, string][]>()
  for (const { offset, source } of comments) {
    const place = placeOf(offset, layout)
    const own = places.get(place.container) ?? []
    own.push([place, source.slice(1)])
    places.set(place.container, own)
  }
  for (const [{ node }, own] of places) insert(node, own)
}

function insert(node: MapNode | ListNode, placed: readonly [Place, string][]): void {
  const items: unknown[] = []
  let next = 0
  for (const [index, item] of [...node.items, undefined].entries()) {
    for (; next < placed.length; next++) {
      const [place, text] = placed[next] ?? []
      if (place === undefined || place.before > index) break
      items.push(comment(text ?? '', place.inline))
    }
    if (item !== undefined) items.push(item)
  }
  node.items = items as typeof node.items
}

function placeOf(offset: number, { root, slots, lines, text }: Layout): Place {
  const next = firstAfter(slots, offset)
  const { line, col } = lines.linePos(offset)
  const start = lines.lineStarts[line - 1] ?? 0
  const previous = slots[next - 1]
  if (previous !== undefined && text.slice(start, offset).trim() !== '' && onOneLine(previous, text, offset))
    return { container: previous.container, before: previous.index, inline: previous.leaf }
  const following = followers(slots, next)
  const beside = following.find(({ container }) => container.column === col)
  if (beside !== undefined) return { container: beside.container, before: beside.index, inline: false }
  for (let at = previous; at !== undefined; at = outer(at))
    if (at.container.column === col) return { container: at.container, before: at.index + 1, inline: false }
  const [first] = following
  if (first !== undefined) return { container: first.container, before: first.index, inline: false }
  return { container: root, before: root.node.items.length, inline: false }
}

/** A comment behind the marker of a document is nobody's line. */
function onOneLine(slot: Slot, text: string, offset: number): boolean {
  return (
    !/^(?:---|\.\.\.)/.test(text.slice(text.lastIndexOf('\n', offset) + 1, offset)) || slot.offset > offset
  )
}

/** The index of the first slot that starts behind `offset`. */
function firstAfter(slots: readonly Slot[], offset: number): number {
  let low = 0
  let high = slots.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((slots[middle]?.offset ?? 0) > offset) high = middle
    else low = middle + 1
  }
  return low
}

/** The slots that start at the same place: an item of a list, and the first key of the map that it is. */
function followers(slots: readonly Slot[], next: number): Slot[] {
  const offset = slots[next]?.offset
  let end = next
  while (end < slots.length && slots[end]?.offset === offset) end += 1
  return slots.slice(next, end)
}

/** The item that the slot's container is. */
function outer({ container }: Slot): (Pick<Slot, 'container' | 'index'> & Slot) | undefined {
  if (container.parent === undefined) return undefined
  return { offset: 0, leaf: false, container: container.parent, index: container.index }
}
