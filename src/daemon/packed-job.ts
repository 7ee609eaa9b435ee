import type { SourceSpec } from '../config/config.ts'
import type { Job } from './unseal-protocol.ts'

type FileSource = Extract<SourceSpec, { kind: 'sealed' | 'age' }>

/** Files whose path is the name of their secret between two texts, as in a store: those of nearly all secrets where there are many. */
interface Form {
  readonly kind: FileSource['kind']
  readonly before: string
  readonly behind: string
}

/** Of a secret, in `kinds`: a digit is the place of its form; or its file is among the files of the job; or its source is in the head. */
const FILES = { sealed: 's', age: 'a' } as const
const OTHER = '-'
const FIRST = '0'.charCodeAt(0)
/** Each is tried for each secret. */
const MOST_FORMS = 4
/** Neither names nor paths have it. */
const NUL = '\0'
/** The lengths of head, names and files. */
export const JOB_HEADER_BYTES = 12

interface Head extends Omit<Job, 'secrets'> {
  /** A character for each secret. */
  readonly kinds: string
  readonly forms: readonly Form[]
  /** The sources of those of OTHER, by index. */
  readonly others: readonly (readonly [index: number, source: SourceSpec])[]
}

/** A job whose secrets are made when they are asked for: objects for all, where there are many, would hold up the first of them. */
export interface PackedJob extends Omit<Job, 'secrets'> {
  readonly secrets: PackedSecrets
}

/** A job as it goes over the pipe (unseal-protocol.ts). */
export function encodeJob({ secrets, ...rest }: Job): Uint8Array {
  const kinds = Buffer.alloc(secrets.length, OTHER)
  const forms = new Forms()
  const others: [number, SourceSpec][] = []
  const [names, files] = [[] as string[], [] as string[]]
  for (const [index, { name, source }] of secrets.entries()) {
    names.push(name)
    if (source.kind !== 'sealed' && source.kind !== 'age') {
      others.push([index, source])
      continue
    }
    const form = forms.placeOf(name, source)
    kinds[index] = form < 0 ? FILES[source.kind].charCodeAt(0) : FIRST + form
    if (form < 0) files.push(source.file)
  }
  const head: Head = { ...rest, kinds: kinds.toString('latin1'), forms: forms.all, others }
  const parts = [JSON.stringify(head), names.join(NUL), files.join(NUL)].map((text) => Buffer.from(text))
  const header = Buffer.alloc(JOB_HEADER_BYTES)
  for (const [place, { length }] of parts.entries()) header.writeUInt32LE(length, 4 * place)
  return Buffer.concat([header, ...parts])
}

/** Bytes of the job that starts with these, JOB_HEADER_BYTES at least. */
export function jobLength(bytes: Buffer): number {
  return ends(bytes)[2]
}

/** What `encodeJob` has made. */
export function decodeJob(bytes: Buffer): PackedJob {
  const [head, names, files] = ends(bytes)
  const { kinds, forms, others, ...rest } = JSON.parse(bytes.toString('utf8', JOB_HEADER_BYTES, head)) as Head
  const texts = (from: number, to: number) => bytes.toString('utf8', from, to).split(NUL)
  return {
    ...rest,
    secrets: new PackedSecrets(kinds, forms, new Map(others), texts(head, names), texts(names, files)),
  }
}

export class PackedSecrets {
  /** The sources that aren't a file and nothing else, by index. */
  readonly others: ReadonlyMap<number, SourceSpec>
  readonly #kinds: string
  readonly #forms: readonly Form[]
  readonly #names: readonly string[]
  /** Of those without a form, by index. */
  readonly #files: ReadonlyMap<number, string>

  /** `files` are in the order of the secrets. */
  constructor(
    kinds: string,
    forms: readonly Form[],
    others: ReadonlyMap<number, SourceSpec>,
    names: readonly string[],
    files: readonly string[],
  ) {
    this.others = others
    this.#kinds = kinds
    this.#forms = forms
    this.#names = names
    this.#files = filesByIndex(kinds, files)
  }

  get length(): number {
    return this.#kinds.length
  }

  nameOf(index: number): string {
    return this.#names[index] as string
  }

  sourceOf(index: number): SourceSpec {
    const kind = this.#kinds[index]
    const file = this.#files.get(index)
    if (file !== undefined) return { kind: kind === FILES.age ? 'age' : 'sealed', file }
    const form = this.#forms[Number(kind)]
    if (form === undefined) return this.others.get(index) as SourceSpec
    return { kind: form.kind, file: `${form.before}${this.nameOf(index)}${form.behind}` }
  }
}

/** The forms that files of a job have had. */
class Forms {
  readonly all: Form[] = []

  /** -1: the file has none. */
  placeOf(name: string, source: FileSource): number {
    const known = this.all.findIndex((form) => hasForm(form, name, source))
    if (known >= 0 || this.all.length === MOST_FORMS) return known
    const { kind, file } = source
    const at = file.lastIndexOf(name)
    if (at < 0) return -1
    return this.all.push({ kind, before: file.slice(0, at), behind: file.slice(at + name.length) }) - 1
  }
}

function hasForm({ kind, before, behind }: Form, name: string, source: FileSource): boolean {
  const { file } = source
  return (
    source.kind === kind &&
    file.length === before.length + name.length + behind.length &&
    file.startsWith(before) &&
    file.startsWith(name, before.length) &&
    file.endsWith(behind)
  )
}

function filesByIndex(kinds: string, files: readonly string[]): Map<number, string> {
  const found = new Map<number, string>()
  if (files.length === 1 && files[0] === '') return found
  for (let index = 0; index < kinds.length; index++) {
    const kind = kinds[index]
    if (kind === FILES.sealed || kind === FILES.age) found.set(index, files[found.size] as string)
  }
  return found
}

/** Where head, names and files end. */
function ends(bytes: Buffer): [head: number, names: number, files: number] {
  const head = JOB_HEADER_BYTES + bytes.readUInt32LE(0)
  const names = head + bytes.readUInt32LE(4)
  return [head, names, names + bytes.readUInt32LE(8)]
}
