import { HushfsError, SourceError } from '../../base/errors.ts'
import type { SopsFormat } from '../../config/config.ts'
import type { OpenContext } from '../source.ts'
import { isListComment } from './cipher.ts'
import { openDataKey } from './data-key.ts'
import { decryptDocuments } from './decrypt.ts'
import { formats } from './formats.ts'
import { parseMetadata } from './metadata.ts'
import { entriesOf, entryOf, valuesOf, type MapNode, type Tree } from './tree.ts'

/** A decrypted file whose MAC has been verified. */
export interface SopsDocument {
  readonly format: SopsFormat
  /** Several in YAML only. */
  readonly documents: readonly MapNode[]
}

/** Throws SourceError without the file's name, and nothing else: whatever a parser stumbles over, the file is to blame. */
export async function decryptSops(
  bytes: Uint8Array,
  format: SopsFormat,
  context: OpenContext,
): Promise<SopsDocument> {
  try {
    return await decrypt(bytes, format, context)
  } catch (cause) {
    if (cause instanceof HushfsError) throw cause
    // A nesting that is deeper than the stack, in a parser or in ours.
    throw new SourceError(`it can't be read as ${format}`, { cause })
  }
}

async function decrypt(bytes: Uint8Array, format: SopsFormat, context: OpenContext): Promise<SopsDocument> {
  const documents = await parseSops(bytes, format)
  const found = formats[format].takeMetadata(documents)
  if (found === undefined) throw noMetadata(format)
  const metadata = await parseMetadata(found)
  const key = await openDataKey(metadata, context)
  try {
    decryptDocuments(documents, metadata, key)
  } finally {
    key.fill(0)
  }
  return { format, documents }
}

async function parseSops(bytes: Uint8Array, format: SopsFormat): Promise<MapNode[]> {
  const documents = await formats[format].parse(bytes)
  if (documents.length === 0) throw new SourceError('it is empty')
  return documents
}

/** The keys and positions of every scalar of the first document; nothing is decrypted. Throws SourceError without the file's name. */
export async function pathsOf(
  bytes: Uint8Array,
  format: SopsFormat,
): Promise<readonly (readonly string[])[]> {
  try {
    const documents = await parseSops(bytes, format)
    if (formats[format].takeMetadata(documents) === undefined) throw noMetadata(format)
    return documents[0] === undefined ? [] : leavesOf(documents[0], [])
  } catch (cause) {
    if (cause instanceof HushfsError) throw cause
    throw new SourceError(`it can't be read as ${format}`, { cause })
  }
}

function leavesOf(tree: Tree, path: readonly string[]): (readonly string[])[] {
  if (tree.kind === 'leaf') return [path]
  if (tree.kind === 'map') return entriesOf(tree).flatMap(({ key, value }) => leavesOf(value, [...path, key]))
  const values = valuesOf(tree).filter((value) => value.kind !== 'leaf' || !isListComment(value))
  return values.flatMap((value, index) => leavesOf(value, [...path, String(index)]))
}

function noMetadata(format: SopsFormat): SourceError {
  return new SourceError(`it has no sops metadata: it is not encrypted, or not a ${format} file`)
}

/** The whole document, or what `key` names in the first: bytes that the caller wipes. Throws SourceError without the file's name. */
export function valueOf({ format, documents }: SopsDocument, key: string | undefined): Uint8Array {
  const written = formats[format]
  if (key === undefined) return written.whole(documents)
  const [document] = documents
  if (document === undefined) throw new SourceError('it is empty')
  const found = pick(document, key)
  if (found.kind !== 'leaf') return written.part(found)
  return found.type === 'str' ? new Uint8Array(found.bytes) : written.scalar(found)
}

/** Keys and positions, joined by `/`. A position doesn't count comments. */
function pick(document: MapNode, key: string): Tree {
  let place: Tree = document
  const segments = key.split('/')
  for (const [index, segment] of segments.entries()) {
    const next = child(place, segment)
    if (next === undefined)
      throw new SourceError(`it has no ${JSON.stringify(segments.slice(0, index + 1).join('/'))}`)
    place = next
  }
  return place
}

function child(tree: Tree, segment: string): Tree | undefined {
  if (tree.kind === 'map') return entryOf(tree, segment)?.value
  if (tree.kind === 'leaf' || !/^(?:0|[1-9][0-9]{0,8})$/.test(segment)) return undefined
  return valuesOf(tree)[Number(segment)]
}
