import { bech32 } from '@scure/base'
import { SourceError } from '../../base/errors.ts'
import { ruleFields, ruleOf, type Rule } from './rules.ts'
import { entriesOf, entryOf, valuesOf, type MapNode, type Tree } from './tree.ts'

/** What the `sops` part of a document says (stores/stores.go, metadata). */
export interface Metadata {
  /** RFC 3339 in seconds, as written: the MAC is authenticated together with it. */
  readonly lastModified: string
  /** The encrypted MAC. */
  readonly mac: string
  readonly macOnlyEncrypted: boolean
  readonly rule: Rule
  readonly groups: readonly KeyGroup[]
  /** Groups that are needed; 1 where there is one. */
  readonly threshold: number
}

/** Any key of a group opens the group's part of the data key. */
export interface KeyGroup {
  readonly age: readonly AgeKey[]
  /** Keys of other kinds, in words. */
  readonly others: readonly string[]
}

export interface AgeKey {
  /** `age1...` or an SSH public key. */
  readonly recipient: string
  /** An armored age file. */
  readonly enc: string
}

/** Text fields by name. */
export type MetadataFields = ReadonlyMap<string, string>

/** Kinds of keys that hushfs can't ask: the field, words for it, and the field that tells one key from another. */
const otherKinds = [
  ['pgp', 'PGP key', 'fp'],
  ['kms', 'AWS KMS key', 'arn'],
  ['gcp_kms', 'GCP KMS key', 'resource_id'],
  ['hckms', 'HuaweiCloud KMS key', 'key_id'],
  ['azure_kv', 'Azure Key Vault key', 'name'],
  ['hc_vault', 'Vault transit key', 'key_name'],
] as const

const lists: readonly string[] = ['age', ...otherKinds.map(([field]) => field)]
const texts: readonly string[] = [
  ...ruleFields,
  'lastmodified',
  'mac',
  'mac_only_encrypted',
  'shamir_threshold',
  'version',
]

/**
 * Reads the metadata strictly: a field that hushfs doesn't know may change what the others mean. Throws SourceError without the
 * file's name.
 */
export async function parseMetadata(map: MapNode): Promise<Metadata> {
  checkFields(map, [...lists, 'key_groups', ...texts], 'the metadata')
  const fields = new Map<string, string>()
  for (const name of texts) {
    const value = entryOf(map, name)?.value
    if (value !== undefined && !isNull(value)) fields.set(name, textOf(value, name))
  }
  if (!/^[0-9]+\.[0-9]+\.[0-9]+[-+.0-9A-Za-z]*$/.test(fields.get('version') ?? ''))
    throw new SourceError('the metadata has no version of sops')
  const groups = groupsOf(map)
  return {
    lastModified: lastModifiedOf(fields),
    mac: macOf(fields),
    macOnlyEncrypted: flagOf(fields, 'mac_only_encrypted'),
    rule: await ruleOf(fields),
    groups,
    threshold: thresholdOf(fields, groups.length),
  }
}

function checkFields(map: MapNode, known: readonly string[], where: string): void {
  const seen = new Set<string>()
  for (const { key } of entriesOf(map)) {
    if (!known.includes(key))
      throw new SourceError(`${where} has a field that is not known: ${JSON.stringify(key.slice(0, 60))}`)
    if (seen.has(key)) throw new SourceError(`${where} has the field ${key} twice`)
    seen.add(key)
  }
}

function isNull(tree: Tree): boolean {
  return tree.kind === 'leaf' && tree.type === 'null'
}

/** sops reads numbers and booleans from text and the other way round: dotenv and ini have nothing but text. */
function textOf(tree: Tree | undefined, name: string): string {
  if (tree?.kind !== 'leaf' || tree.type === 'time' || tree.type === 'null')
    throw new SourceError(`${name} in the metadata is not a text`)
  return Buffer.from(tree.bytes).toString()
}

function lastModifiedOf(fields: MetadataFields): string {
  const text = fields.get('lastmodified') ?? ''
  if (/^[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:Z|[+-][0-9]{2}:[0-9]{2})$/.test(text)) return text
  throw new SourceError('the metadata does not say when the file was last modified, which its MAC depends on')
}

function macOf(fields: MetadataFields): string {
  const mac = fields.get('mac') ?? ''
  if (mac !== '') return mac
  throw new SourceError('it has no MAC, so nobody can tell whether it was changed', {
    hint: 'decrypt it with `sops decrypt --ignore-mac`, look at what it says, and encrypt it again',
  })
}

function flagOf(fields: MetadataFields, name: string): boolean {
  const text = fields.get(name) ?? 'false'
  if (/^(?:true|1)$/i.test(text)) return true
  if (/^(?:false|0|)$/i.test(text)) return false
  throw new SourceError(`${name} in the metadata is neither true nor false`)
}

function thresholdOf(fields: MetadataFields, groups: number): number {
  if (groups === 1) return 1
  const text = fields.get('shamir_threshold') ?? String(groups)
  const threshold = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0
  if (threshold >= 2 && threshold <= groups) return threshold
  throw new SourceError(`shamir_threshold in the metadata is not a number from 2 to ${groups}`)
}

/** One group at the top, or several below `key_groups` (stores.go, internalKeygroups). */
function groupsOf(map: MapNode): readonly KeyGroup[] {
  const top = groupOf(map)
  if (top.age.length + top.others.length > 0) return [top]
  const groups = listOf(map, 'key_groups').map((group) => {
    checkFields(mapOf(group, 'key_groups'), lists, 'a key group')
    return groupOf(mapOf(group, 'key_groups'))
  })
  if (groups.length > 0) return groups
  throw new SourceError('it is encrypted for no key')
}

function groupOf(map: MapNode): KeyGroup {
  const others = otherKinds.flatMap(([field, words, name]) =>
    listOf(map, field).map((key) => `${words} ${textOf(entryOf(mapOf(key, field), name)?.value, name)}`),
  )
  return { age: listOf(map, 'age').map((key) => ageKeyOf(mapOf(key, 'age'))), others }
}

/** White space that age would overlook is refused too: nothing here is written by hand. */
const ARMOR =
  /^-----BEGIN AGE ENCRYPTED FILE-----\n(?:[A-Za-z0-9+/=]+\n)+-----END AGE ENCRYPTED FILE-----\n?$/

function ageKeyOf(map: MapNode): AgeKey {
  checkFields(map, ['recipient', 'enc'], 'an age key')
  const recipient = textOf(entryOf(map, 'recipient')?.value, 'recipient')
  if (!isRecipient(recipient)) throw new SourceError('the metadata has a damaged age recipient')
  const enc = textOf(entryOf(map, 'enc')?.value, 'enc')
  if (!ARMOR.test(enc)) throw new SourceError('the metadata has a damaged age file in `enc`')
  return { recipient, enc }
}

/** A native or plugin recipient has a checksum; an SSH key has none. */
function isRecipient(text: string): boolean {
  if (/^ssh-(?:ed25519|rsa) /.test(text)) return true
  return text.startsWith('age1') && bech32.decodeUnsafe(text, false) !== undefined
}

function listOf(map: MapNode, name: string): Tree[] {
  const value = entryOf(map, name)?.value
  if (value === undefined || isNull(value)) return []
  if (value.kind === 'list') return valuesOf(value)
  throw new SourceError(`${name} in the metadata is not a list`)
}

function mapOf(tree: Tree, name: string): MapNode {
  if (tree.kind === 'map') return tree
  throw new SourceError(`${name} in the metadata has an item that is not a map`)
}
