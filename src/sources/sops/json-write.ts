import { SourceError } from '../../base/errors.ts'
import { ByteWriter } from './byte-writer.ts'
import { floatOf, isTrue } from './scalar-text.ts'
import { writeJsonString } from './quote.ts'
import { entriesOf, valuesOf, type Leaf, type MapNode, type Tree } from './tree.ts'

/** A whole document, or a part that is an object, as `sops decrypt` writes it: indented with tabs, a newline at the end. */
export function writeJsonDocument(map: MapNode): Uint8Array {
  const writer = new ByteWriter()
  writeTree(writer, map, '')
  writer.text('\n')
  return writer.take()
}

/** A list or a scalar as `sops decrypt --extract` writes it, without a newline. */
export function writeJsonValue(tree: Tree): Uint8Array {
  const writer = new ByteWriter()
  writeTree(writer, tree, '')
  return writer.take()
}

function writeTree(writer: ByteWriter, tree: Tree, indent: string): void {
  if (tree.kind === 'leaf') writeLeaf(writer, tree)
  else if (tree.kind === 'map') {
    const write = entriesOf(tree).map((entry) => (inner: string) => {
      writeJsonString(writer, Buffer.from(entry.key))
      writer.text(': ')
      writeTree(writer, entry.value, inner)
    })
    writeItems(writer, '{}', write, indent)
  } else {
    const write = valuesOf(tree).map((value) => (inner: string) => writeTree(writer, value, inner))
    writeItems(writer, '[]', write, indent)
  }
}

function writeItems(
  writer: ByteWriter,
  brackets: string,
  items: readonly ((indent: string) => void)[],
  indent: string,
): void {
  writer.text(brackets.slice(0, 1))
  const inner = `${indent}\t`
  for (const [index, write] of items.entries()) {
    writer.text(`${index === 0 ? '' : ','}\n${inner}`)
    write(inner)
  }
  if (items.length > 0) writer.text(`\n${indent}`)
  writer.text(brackets.slice(1))
}

function writeLeaf(writer: ByteWriter, { type, bytes }: Leaf): void {
  switch (type) {
    case 'str':
    case 'time':
      writeJsonString(writer, bytes)
      break
    case 'int':
      writer.bytes(bytes)
      break
    case 'bool':
      writer.text(isTrue(bytes) ? 'true' : 'false')
      break
    case 'null':
      writer.text('null')
      break
    case 'float':
      writer.text(jsonFloat(bytes))
      break
  }
}

/** encoding/json writes floats as ECMAScript does, but for the sign of zero. */
function jsonFloat(bytes: Uint8Array): string {
  const value = floatOf(bytes)
  if (!Number.isFinite(value)) throw new SourceError('JSON has no number that is infinite or none')
  return Object.is(value, -0) ? '-0' : String(value)
}
