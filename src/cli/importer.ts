import type { SecretFields } from '../config/edit.ts'

/** What another tool's files say about secrets. */
export interface Found {
  readonly secrets: readonly FoundSecret[]
  /** What is there and can't be declared, with the reason. */
  readonly skipped: readonly Skipped[]
  /** What the person should know besides. */
  readonly notes: readonly string[]
}

export interface FoundSecret {
  readonly name: string
  /** As the configuration has them; paths are absolute. */
  readonly fields: SecretFields
}

export interface Skipped {
  readonly what: string
  readonly reason: string
}

/** One kind of files. Throws a HushfsError when the path can't be used. It decrypts nothing. */
export type Importer = (path: string) => Promise<Found>
