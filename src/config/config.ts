/** A configuration that has been read and checked: every path is absolute, every default is filled in. */
export interface Config {
  /** The configuration file itself and the folder that relative paths start from. */
  readonly file: string
  readonly folder: string
  readonly mountPoint: string
  /** Files with private keys, in order. */
  readonly identities: readonly string[]
  /** Folder of the sealed files. */
  readonly store: string
  /** Permission bits of every directory of the mounted tree. */
  readonly directoryMode: number
  /** So long readers wait for a secret whose source isn't there yet after the start of the service; seconds. */
  readonly startTimeout: number
  /** In the order of the file. */
  readonly secrets: readonly SecretConfig[]
}

export interface SecretConfig {
  readonly name: string
  readonly source: SourceSpec
  /** A name or a number, not resolved yet. */
  readonly owner: string | number
  readonly group: string | number
  /** Permission bits, 0 to 0o777. */
  readonly mode: number
  /** Unit globs of the rule; undefined: no rule; empty: no unit may read. */
  readonly units: readonly string[] | undefined
  /** `user/unit` globs of user managers, likewise. */
  readonly userUnits: readonly string[] | undefined
  /** May PID 1 itself read? */
  readonly manager: boolean
  readonly reads: ReadsRule
  /** Units to restart, or to reload, when the value changes. */
  readonly restartUnits: readonly string[]
  readonly reloadUnits: readonly string[]
}

export type ReadsRule =
  | { readonly kind: 'always' }
  | { readonly kind: 'once' }
  | { readonly kind: 'startup'; readonly seconds: number }

/** Where an encrypted value comes from. Paths are absolute. */
export type SourceSpec =
  | { readonly kind: 'sealed'; readonly file: string }
  | { readonly kind: 'age'; readonly file: string }
  | {
      readonly kind: 'sops'
      readonly file: string
      /** Keys and positions joined by `/`; undefined: the whole document. */
      readonly key: string | undefined
      /** Undefined: by the end of the file's name. */
      readonly format: SopsFormat | undefined
    }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly value: string }

/** What a file that sops encrypted is written in. */
export const sopsFormats = ['yaml', 'json', 'dotenv', 'ini', 'binary'] as const
export type SopsFormat = (typeof sopsFormats)[number]

export type SourceKind = SourceSpec['kind']
