import { isUtf8 } from 'node:buffer'
import { SourceError } from '../../base/errors.ts'
import { ByteWriter } from './byte-writer.ts'
import { plainText } from './scalar-text.ts'
import type { MapNode } from './tree.ts'

/** `KEY=value` lines as sops knows them (stores/dotenv/store.go): no quotes, `\n` stands for a newline, `#` only at the start. */

const NEWLINE = 0x0a
const [HASH, EQUALS, BACKSLASH, N] = Buffer.from('#=\\n')

/** The one document of a dotenv file. Throws SourceError without the file's name. */
export function parseDotenv(bytes: Uint8Array): MapNode[] {
  const items: MapNode['items'] = []
  for (const line of linesOf(bytes)) {
    if (line.length === 0) continue
    if (line[0] === HASH) {
      items.push({ kind: 'comment', bytes: line.subarray(1), inline: false })
      continue
    }
    const equals = line.indexOf(EQUALS ?? 0)
    if (equals === -1) throw new SourceError('a line is neither a comment nor KEY=VALUE')
    const key = line.subarray(0, equals)
    if (!isUtf8(key)) throw new SourceError('the name of a variable is not UTF-8')
    const value = unescaped(line.subarray(equals + 1))
    items.push({
      kind: 'entry',
      key: Buffer.from(key).toString(),
      value: { kind: 'leaf', type: 'str', bytes: value },
    })
  }
  return [{ kind: 'map', items }]
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  let start = 0
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.subarray(start, at))
    start = at + 1
  }
  lines.push(bytes.subarray(start))
  return lines
}

function unescaped(value: Uint8Array): Uint8Array {
  const writer = new ByteWriter()
  for (let at = 0; at < value.length; at++) {
    if (value[at] === BACKSLASH && value[at + 1] === N) {
      writer.byte(NEWLINE)
      at += 1
    } else writer.byte(value[at] ?? 0)
  }
  return writer.take()
}

/** Byte for byte what `sops decrypt` writes. */
export function writeDotenv(map: MapNode): Uint8Array {
  const writer = new ByteWriter()
  for (const item of map.items) {
    if (item.kind === 'comment') {
      writer.text('#')
      writer.bytes(item.bytes)
    } else {
      if (item.value.kind !== 'leaf') throw new SourceError('dotenv has no place for a map or a list')
      writer.text(`${item.key}=`)
      writeEscaped(writer, plainText(item.value))
    }
    writer.text('\n')
  }
  return writer.take()
}

function writeEscaped(writer: ByteWriter, value: Uint8Array): void {
  for (const byte of value) {
    if (byte === NEWLINE) writer.text('\\n')
    else writer.byte(byte)
  }
}
