import type { Struct } from '../../src/fuse/wire/layout.ts'

export interface PlacedField {
  readonly field: string
  /** Bytes from the start of the struct. */
  readonly at: number
  readonly size: number
}

/** Which bytes each field of a struct reads, found by changing one byte after the other; reserved bytes belong to none. */
export function fieldsOf(struct: Struct<object>): PlacedField[] {
  const bytes = new Uint8Array(struct.size)
  const view = new DataView(bytes.buffer)
  const text = (field: string) => asText((struct.read(view, 0) as Record<string, unknown>)[field])
  return Object.keys(struct.read(view, 0)).flatMap((field) => {
    const empty = text(field)
    const touched = [...bytes.keys()].filter((at) => {
      bytes[at] = 1
      const changed = text(field) !== empty
      bytes[at] = 0
      return changed
    })
    const [at] = touched
    return at === undefined ? [] : [{ field, at, size: touched.length }]
  })
}

function asText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
}
