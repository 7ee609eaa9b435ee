import { SourceError } from '../../base/errors.ts'
import type { SopsFormat } from '../../config/config.ts'
import { parseDotenv, writeDotenv } from './dotenv.ts'
import { unflatten } from './flatten.ts'
import { parseIni } from './ini-parse.ts'
import { writeIni } from './ini-write.ts'
import { parseJson } from './json-parse.ts'
import { writeJsonDocument, writeJsonValue } from './json-write.ts'
import { plainText } from './scalar-text.ts'
import { entriesOf, entryOf, type Leaf, type ListNode, type MapNode } from './tree.ts'
import { writeYamlDocuments, writeYamlValue } from './yaml-write.ts'

/** How documents, their metadata and parts of them are written in one format. Functions throw SourceError without the file's name. */
export interface Format {
  parse(bytes: Uint8Array): Promise<MapNode[]> | MapNode[]
  /** The metadata of the first document; takes it out of all of them. */
  takeMetadata(documents: readonly MapNode[]): MapNode | undefined
  /** Everything, as `sops decrypt` has it. */
  whole(documents: readonly MapNode[]): Uint8Array
  /** A map or list, as `sops decrypt --extract` has it. */
  part(node: MapNode | ListNode): Uint8Array
  /** A scalar that isn't a string, likewise but without a newline. */
  scalar(leaf: Leaf): Uint8Array
}

const json: Format = {
  parse: (bytes) => parseJson(textOf(bytes)),
  takeMetadata,
  whole: ([document]) => writeJsonDocument(document ?? emptyMap()),
  part: (node) => (node.kind === 'map' ? writeJsonDocument(node) : writeJsonValue(node)),
  scalar: writeJsonValue,
}

export const formats: Readonly<Record<SopsFormat, Format>> = {
  yaml: {
    // Its parser takes longer to load than a small file to open.
    parse: async (bytes) => (await import('./yaml-parse.ts')).parseYaml(textOf(bytes)),
    takeMetadata,
    whole: writeYamlDocuments,
    part: writeYamlValue,
    scalar: writeYamlValue,
  },
  json,
  dotenv: {
    parse: parseDotenv,
    takeMetadata: takeFlatMetadata,
    whole: ([document]) => writeDotenv(document ?? emptyMap()),
    part: () => noPart('dotenv'),
    scalar: (leaf) => plainText(leaf).slice(),
  },
  ini: {
    parse: (bytes) => parseIni(textOf(bytes)),
    takeMetadata: (documents) => {
      const flat = takeMetadata(documents)
      return flat && unflatten(withNewlines(flat))
    },
    whole: ([document]) => writeIni(document ?? emptyMap()),
    part: () => noPart('ini'),
    scalar: writeJsonValue,
  },
  binary: {
    ...json,
    whole: ([document]) => {
      const data = document && entryOf(document, 'data')?.value
      if (data?.kind === 'leaf' && data.type === 'str') return data.bytes.slice()
      throw new SourceError('it is not an encrypted binary file: it has no text called data', {
        hint: 'say which format it is, as `format: yaml`, or pick a value with `key`',
      })
    },
  },
}

/** By the end of the name, as sops does (cmd/sops/formats). */
export function formatOf(file: string): SopsFormat {
  if (file.endsWith('.yaml') || file.endsWith('.yml')) return 'yaml'
  if (file.endsWith('.json')) return 'json'
  if (file.endsWith('.env')) return 'dotenv'
  return file.endsWith('.ini') ? 'ini' : 'binary'
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SourceError('it is not UTF-8')
  }
}

const emptyMap = (): MapNode => ({ kind: 'map', items: [] })

function noPart(format: string): never {
  throw new SourceError(
    `the key names a section, which is no ${format} document of its own; name a value in it`,
  )
}

const METADATA = 'sops'

/** A top-level `sops` (stores/metadata.go, ExtractMetadata). */
function takeMetadata(documents: readonly MapNode[]): MapNode | undefined {
  const found = entriesOf(documents[0] ?? emptyMap()).filter(({ key }) => key === METADATA)
  for (const document of documents)
    document.items = document.items.filter((item) => item.kind !== 'entry' || item.key !== METADATA)
  const [first, second] = found
  if (second !== undefined) throw new SourceError('it has sops metadata twice')
  return first?.value.kind === 'map' ? first.value : undefined
}

/** Top-level names that start with `sops_`. */
function takeFlatMetadata([document]: readonly MapNode[]): MapNode | undefined {
  const prefix = `${METADATA}_`
  const flat = emptyMap()
  if (document === undefined) return undefined
  document.items = document.items.filter((item) => {
    if (item.kind !== 'entry' || !item.key.startsWith(prefix)) return true
    flat.items.push({ ...item, key: item.key.slice(prefix.length) })
    return false
  })
  return flat.items.length === 0 ? undefined : unflatten(flat)
}

/** sops writes line breaks in INI metadata as `\n`. */
function withNewlines(flat: MapNode): MapNode {
  const items = entriesOf(flat).map((entry) => {
    if (entry.value.kind !== 'leaf') return entry
    const text = Buffer.from(entry.value.bytes).toString().replaceAll('\\n', '\n')
    return { ...entry, value: { ...entry.value, bytes: Buffer.from(text) } }
  })
  return { kind: 'map', items }
}
