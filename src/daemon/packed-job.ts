import type { SourceSpec } from '../config/config.ts'
import type { Job } from './unseal-protocol.ts'

/** Sources that are a file and nothing else: those of nearly all secrets where there are many. */
const KINDS = ['sealed', 'age'] as const
const OTHER = '-'
const FIRST = '0'.charCodeAt(0)
/** Neither names nor paths have it. */
const NUL = '\0'
export const JOB_HEADER_BYTES = 8

interface Head extends Omit<Job, 'secrets'> {
  /** A character for each secret: the place of its kind in KINDS, or OTHER. */
  readonly kinds: string
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
  const others: [number, SourceSpec][] = []
  const texts: string[] = []
  for (const [index, { name, source }] of secrets.entries()) {
    const isFile = source.kind === 'sealed' || source.kind === 'age'
    if (isFile) kinds[index] = FIRST + KINDS.indexOf(source.kind)
    else others.push([index, source])
    texts.push(name, isFile ? source.file : '')
  }
  const head = Buffer.from(
    JSON.stringify({ ...rest, kinds: kinds.toString('latin1'), others } satisfies Head),
  )
  const body = Buffer.from(texts.join(NUL))
  const header = Buffer.alloc(JOB_HEADER_BYTES)
  header.writeUInt32LE(head.length, 0)
  header.writeUInt32LE(body.length, 4)
  return Buffer.concat([header, head, body])
}

/** Bytes of the job that starts with these, JOB_HEADER_BYTES at least. */
export function jobLength(bytes: Buffer): number {
  return bodyAt(bytes) + bytes.readUInt32LE(4)
}

/** What `encodeJob` has made. */
export function decodeJob(bytes: Buffer): PackedJob {
  const { kinds, others, ...rest } = JSON.parse(
    bytes.toString('utf8', JOB_HEADER_BYTES, bodyAt(bytes)),
  ) as Head
  const texts = bytes.toString('utf8', bodyAt(bytes)).split(NUL)
  return { ...rest, secrets: new PackedSecrets(kinds, new Map(others), texts) }
}

export class PackedSecrets {
  /** The sources that aren't a file and nothing else, by index. */
  readonly others: ReadonlyMap<number, SourceSpec>
  readonly #kinds: string
  /** Name and file of each. */
  readonly #texts: readonly string[]

  constructor(kinds: string, others: ReadonlyMap<number, SourceSpec>, texts: readonly string[]) {
    this.others = others
    this.#kinds = kinds
    this.#texts = texts
  }

  get length(): number {
    return this.#kinds.length
  }

  nameOf(index: number): string {
    return this.#texts[2 * index] as string
  }

  sourceOf(index: number): SourceSpec {
    const kind = KINDS[Number(this.#kinds[index])]
    if (kind === undefined) return this.others.get(index) as SourceSpec
    return { kind, file: this.#texts[2 * index + 1] as string }
  }
}

function bodyAt(bytes: Buffer): number {
  return JOB_HEADER_BYTES + bytes.readUInt32LE(0)
}
