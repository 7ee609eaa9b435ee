/** One fixed-size little-endian field of a kernel struct. */
export interface Field<T> {
  readonly size: number
  read(view: DataView, at: number): T
  write(view: DataView, at: number, value: T): void
}

export const u16: Field<number> = {
  size: 2,
  read: (view, at) => view.getUint16(at, true),
  write: (view, at, value) => {
    view.setUint16(at, value, true)
  },
}

export const u32: Field<number> = {
  size: 4,
  read: (view, at) => view.getUint32(at, true),
  write: (view, at, value) => {
    view.setUint32(at, value, true)
  },
}

export const i32: Field<number> = {
  size: 4,
  read: (view, at) => view.getInt32(at, true),
  write: (view, at, value) => {
    view.setInt32(at, value, true)
  },
}

export const u64: Field<bigint> = {
  size: 8,
  read: (view, at) => view.getBigUint64(at, true),
  write: (view, at, value) => {
    view.setBigUint64(at, value, true)
  },
}

export const i64: Field<bigint> = {
  size: 8,
  read: (view, at) => view.getBigInt64(at, true),
  write: (view, at, value) => {
    view.setBigInt64(at, value, true)
  },
}

/** What the upper half of a u64 counts. */
export const HIGH = 0x1_0000_0000

/**
 * A u64 as a number: for values that we handed out ourselves (node ids, file handles, directory offsets, all below
 * 2^53), and for file offsets, where a value that was rounded is past the end of every secret all the same.
 */
export const id64: Field<number> = {
  size: 8,
  read: (view, at) => view.getUint32(at + 4, true) * HIGH + view.getUint32(at, true),
  write: (view, at, value) => {
    view.setUint32(at, value >>> 0, true)
    view.setUint32(at + 4, Math.floor(value / HIGH), true)
  },
}

/** A struct is itself a field, so structs nest. */
export interface Struct<T> extends Field<T> {
  readonly name: string
  readonly fields: Fields
}

export type Of<S> = S extends Field<infer T> ? T : never

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the element type is inferred from each field
type Fields = Readonly<Record<string, Field<any>>>
type Values<F extends Fields> = { -readonly [K in keyof F]: Of<F[K]> }

/**
 * Fields in the kernel's order, without gaps: the kernel's structs carry their padding as fields. `unrolled` reads or writes them without
 * going through the list.
 */
export function struct<const F extends Fields>(
  name: string,
  fields: F,
  unrolled: Partial<Pick<Struct<Values<F>>, 'read' | 'write'>> = {},
): Struct<Values<F>> {
  let size = 0
  const placed = Object.entries(fields).map(([key, field]) => {
    const at = size
    size += field.size
    return { key, field, at }
  })
  return {
    name,
    fields,
    size,
    read(view, at) {
      const values: Record<string, unknown> = {}
      for (const { key, field, at: offset } of placed) values[key] = field.read(view, at + offset)
      return values as Values<F>
    },
    write(view, at, value) {
      const values = value as Record<string, unknown>
      for (const { key, field, at: offset } of placed) field.write(view, at + offset, values[key])
    },
    ...unrolled,
  }
}

/** Bytes that mean nothing to us: skipped when read, zero when written. */
export function reserved(size: number): Field<undefined> {
  return {
    size,
    read: () => undefined,
    write: (view, at) => {
      new Uint8Array(view.buffer, view.byteOffset + at, size).fill(0)
    },
  }
}
