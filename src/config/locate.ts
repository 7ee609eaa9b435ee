import { EVENT_ID, getScalarValue, parseEvents, type Event } from 'js-yaml'
import type { KeyPath } from './problems.ts'

export interface Position {
  /** From 1. */
  readonly line: number
  readonly column: number
}

/** Finds keys and list items of a text that parses as YAML. Only errors need it: it parses once more. */
export function createLocator(text: string): (path: KeyPath) => Position | undefined {
  const offsets = offsetsOf(text)
  const lines = lineStarts(text)
  return (path) => {
    const offset = offsets.get(JSON.stringify(path))
    return offset === undefined ? undefined : positionOf(offset, lines)
  }
}

/** An open map or list while the events go by. */
interface Level {
  readonly path: KeyPath
  readonly isMap: boolean
  /** The key that waits for its value, of a map. */
  key: string | undefined
  /** The next item, of a list. */
  index: number
}

function offsetsOf(text: string): Map<string, number> {
  const found = new Map<string, number>()
  const open: Level[] = []
  for (const event of parseEvents(text, {})) {
    if (event.type === EVENT_ID.DOCUMENT) {
      open.push({ path: [], isMap: false, key: undefined, index: -1 })
    } else if (event.type === EVENT_ID.POP) {
      open.pop()
    } else {
      const level = open.at(-1)
      if (level !== undefined) enter(level, event, text, found, open)
    }
  }
  return found
}

type NodeEvent = Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>

function enter(
  level: Level,
  event: NodeEvent,
  text: string,
  found: Map<string, number>,
  open: Level[],
): void {
  const isKey = level.isMap && level.key === undefined
  if (isKey) {
    level.key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : ''
    found.set(JSON.stringify([...level.path, level.key]), startOf(event))
    return
  }
  const path = pathOf(level)
  const id = JSON.stringify(path)
  if (!found.has(id)) found.set(id, startOf(event))
  level.key = undefined
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE)
    open.push({ path, isMap: event.type === EVENT_ID.MAPPING, key: undefined, index: 0 })
}

/** Where a value belongs: under its key, at the next index, or at the top. */
function pathOf(level: Level): KeyPath {
  if (level.isMap) return [...level.path, level.key ?? '']
  return level.index < 0 ? level.path : [...level.path, level.index++]
}

function startOf(event: NodeEvent): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart
  return event.type === EVENT_ID.SCALAR ? event.valueStart : event.start
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function positionOf(offset: number, starts: readonly number[]): Position {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}
