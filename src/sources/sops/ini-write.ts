import { SourceError } from '../../base/errors.ts'
import { ByteWriter } from './byte-writer.ts'
import { plainText } from './scalar-text.ts'
import { entriesOf, type Comment, type Entry, type MapNode } from './tree.ts'

/** INI as gopkg.in/ini.v1 writes it for sops: keys of a section aligned, an empty line between sections. */
export function writeIni(map: MapNode): Uint8Array {
  const writer = new ByteWriter()
  const sections = entriesOf(map)
  for (const [index, section] of sections.entries()) {
    if (section.value.kind !== 'map')
      throw new SourceError('INI has no place for a value outside of a section')
    const { comments, keys } = partsOf(section.value)
    if (comments !== undefined) writeComment(writer, comments)
    const isDefault = index === 0 && section.key.toUpperCase() === 'DEFAULT'
    if (isDefault && keys.length === 0) continue
    if (!isDefault) writer.text(`[${section.key}]\n`)
    writeKeys(writer, keys)
    if (index < sections.length - 1) writer.text('\n')
  }
  return writer.take()
}

interface Key {
  readonly entry: Entry
  comment?: Comment
}

/** A comment at the start is the section's; of those behind a key the last stays (stores/ini/store.go, encodeTree). */
function partsOf(section: MapNode): { comments: Comment | undefined; keys: Key[] } {
  const [first, ...others] = section.items
  const comments = first?.kind === 'comment' ? first : undefined
  const keys: Key[] = []
  for (const item of comments === undefined ? section.items : others) {
    const last = keys.at(-1)
    if (item.kind === 'entry') keys.push({ entry: item })
    else if (last !== undefined) last.comment = item
  }
  return { comments, keys }
}

function writeComment(writer: ByteWriter, { bytes }: Comment): void {
  for (const line of Buffer.from(bytes).toString().split('\n')) {
    const mark = /^[#;]/.exec(line)?.[0]
    writer.text(mark === undefined ? `; ${line.trim()}\n` : `${mark} ${line.slice(1).trim()}\n`)
  }
}

function writeKeys(writer: ByteWriter, keys: readonly Key[]): void {
  const width = keys.reduce((most, { entry }) => Math.max(most, Buffer.byteLength(quotedName(entry.key))), 0)
  for (const { entry, comment } of keys) {
    if (entry.value.kind !== 'leaf')
      throw new SourceError('INI has no place for a map or a list in a section')
    if (comment !== undefined) writeComment(writer, comment)
    const name = quotedName(entry.key)
    writer.text(`${name}${' '.repeat(width - Buffer.byteLength(name))} = `)
    writeValue(writer, plainText(entry.value))
    writer.text('\n')
  }
}

function quotedName(name: string): string {
  if (/["=:]/.test(name)) return `\`${name}\``
  return name.includes('`') ? `"""${name}"""` : name
}

const [NEWLINE = 0, BACKTICK = 0, HASH = 0, SEMICOLON = 0] = Buffer.from('\n`#;')

function writeValue(writer: ByteWriter, value: Uint8Array): void {
  const quote = quoteFor(value)
  writer.text(quote)
  writer.bytes(value)
  writer.text(quote)
}

function quoteFor(value: Uint8Array): string {
  if (value.includes(NEWLINE) || value.includes(BACKTICK)) return '"""'
  if (value.includes(HASH) || value.includes(SEMICOLON)) return '`'
  return isSpace(value[0]) || isSpace(value.at(-1)) ? '"' : ''
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}
