import { isUtf8 } from 'node:buffer'
import { ByteWriter } from './byte-writer.ts'
import { formatGeneral } from './go-number.ts'
import { writeYamlString } from './quote.ts'
import { floatOf, isTrue } from './scalar-text.ts'
import type { Comment, Leaf, ListNode, MapNode, Tree } from './tree.ts'

/**
 * YAML with the values, types, order and comments that `sops decrypt` writes. Strings are plain where every YAML reads them as strings,
 * else in double quotes on one line.
 */
export function writeYamlDocuments(documents: readonly MapNode[]): Uint8Array {
  const writer = new ByteWriter()
  for (const [index, document] of documents.entries()) {
    if (index > 0) writer.text('---\n')
    writeItems(writer, document, 0)
  }
  return writer.take()
}

/** A map or list that is a part of a document, with a newline at its end; a scalar that isn't a string, without one. */
export function writeYamlValue(tree: Tree): Uint8Array {
  const writer = new ByteWriter()
  if (tree.kind === 'leaf') writeLeaf(writer, tree)
  else writeItems(writer, tree, 0)
  return writer.take()
}

const INDENT = 4

/** The items one below another; `first` is true where the line has its indentation already, behind the dash of a list. */
function writeItems(writer: ByteWriter, node: MapNode | ListNode, indent: number, first = false): void {
  const pad = ' '.repeat(indent)
  let behindDash = first
  let inline: Comment[] = []
  const line = (write: () => void) => {
    writer.text(behindDash ? '' : pad)
    behindDash = false
    write()
  }
  const above = (comment: Comment) => line(() => writeComment(writer, comment, '\n'))
  const empty = node.items.every((item) => item.kind === 'comment')
  for (const item of node.items) {
    if (item.kind === 'comment') {
      if (item.inline) inline.push(item)
      else above(item)
      continue
    }
    const value = item.kind === 'entry' ? item.value : item
    if (value.kind !== 'leaf') inline.splice(0).forEach(above)
    line(() => {
      if (item.kind === 'entry') writeKey(writer, item.key)
      writer.text(item.kind === 'entry' ? ':' : '-')
      writeBehind(writer, value, item.kind === 'entry', indent, inline)
    })
    inline = []
  }
  inline.forEach(above)
  if (empty) line(() => writer.text(node.kind === 'map' ? '{}\n' : '[]\n'))
}

/** A merge key stays one, for readers that merge. */
function writeKey(writer: ByteWriter, key: string): void {
  if (key === '<<') writer.text('!!merge <<')
  else writeText(writer, Buffer.from(key))
}

/** What stands behind `key:` or `-`. */
function writeBehind(
  writer: ByteWriter,
  value: Tree,
  behindKey: boolean,
  indent: number,
  inline: readonly Comment[],
): void {
  if (value.kind === 'leaf') {
    writer.text(' ')
    writeLeaf(writer, value)
    for (const comment of inline) {
      writer.text(' ')
      writeComment(writer, comment, '')
    }
    writer.text('\n')
  } else if (value.items.length === 0) writer.text(value.kind === 'map' ? ' {}\n' : ' []\n')
  else if (behindKey || value.items[0]?.kind === 'comment') {
    writer.text('\n')
    writeItems(writer, value, indent + INDENT)
  } else {
    writer.text(' ')
    writeItems(writer, value, indent + 2, true)
  }
}

/** A line break in a comment, which sops never writes, starts another comment. */
function writeComment(writer: ByteWriter, { bytes }: Comment, end: string): void {
  writer.text('#')
  for (const byte of bytes) {
    if (byte === 0x0a || byte === 0x0d) writer.text(' ')
    else writer.byte(byte)
  }
  writer.text(end)
}

function writeLeaf(writer: ByteWriter, { type, bytes }: Leaf): void {
  switch (type) {
    case 'str':
      writeText(writer, bytes)
      break
    case 'int':
    case 'time':
      writer.bytes(bytes)
      break
    case 'bool':
      writer.text(isTrue(bytes) ? 'true' : 'false')
      break
    case 'null':
      writer.text('null')
      break
    case 'float':
      writer.text(yamlFloat(floatOf(bytes)))
      break
  }
}

/** yaml.v3 writes a whole float as an integer (encode.go, floatv). */
function yamlFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  return formatGeneral(value)
}

/** Words of YAML 1.1 and 1.2 that are no strings. */
const RESERVED = /^(?:true|false|yes|no|on|off|y|n|null|nan|inf)$/i
const PLAIN = /^[A-Za-z_][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*$/
/** A longer text is quoted without a look at it. */
const MAX_PLAIN = 128

function writeText(writer: ByteWriter, bytes: Uint8Array): void {
  if (!isUtf8(bytes)) {
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
    writer.text(`!!binary "${base64}"`)
  } else if (isPlain(bytes)) writer.bytes(bytes)
  else writeYamlString(writer, bytes)
}

function isPlain(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_PLAIN) return false
  const text = Buffer.from(bytes).toString('latin1')
  return PLAIN.test(text) && !RESERVED.test(text)
}
