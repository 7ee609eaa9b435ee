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
  /** How long the server polls for the next request after an answer, at most; 0: not at all. Microseconds. */
  readonly polling: number
  /** Servers of Vault or OpenBao. */
  readonly vaults: readonly VaultConfig[]
  /** In the order of the file, templates last. */
  readonly secrets: readonly SecretConfig[]
}

export interface SecretConfig {
  readonly name: string
  readonly source: SourceSpec
  readonly terms: Terms
}

/** Whose a secret is, who may read it, and who is told of a change: one object for all secrets for which the configuration says the same. */
export interface Terms {
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

/** One server of Vault or OpenBao, and how to sign in there. */
export interface VaultConfig {
  readonly name: string
  /** An http or https URL without a slash at its end. */
  readonly address: string
  readonly namespace: string | undefined
  readonly auth: VaultAuth
  /** Certificates in PEM; undefined: those that Node brings. */
  readonly caFile: string | undefined
  /** Seconds that a value is kept while the server can't be asked. */
  readonly maxStale: number
  /** Seconds that one request may take. */
  readonly timeout: number
}

/** Files are read anew at each login: what they hold rotates. `mount` is the path of the auth method, without `auth/`. */
export type VaultAuth =
  | { readonly kind: 'token'; readonly tokenFile: string }
  | ({ readonly kind: 'approle'; readonly secretIdFile: string; readonly mount: string } & (
      { readonly roleId: string } | { readonly roleIdFile: string }
    ))
  | {
      readonly kind: 'cert'
      readonly certFile: string
      readonly keyFile: string
      readonly role: string | undefined
      readonly mount: string
    }
  | { readonly kind: 'jwt'; readonly role: string; readonly jwtFile: string; readonly mount: string }

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
  | CredentialSpec
  | ExecSpec
  | VaultSpec
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly value: string }
  | TemplateSpec

/** What `systemd-creds encrypt` writes. */
export interface CredentialSpec {
  readonly kind: 'credential'
  readonly file: string
  /** The name that must be embedded, where one is. */
  readonly name: string
  /** Accept a file that is encrypted with no key at all, which anyone can write and read. */
  readonly allowNull: boolean
}

/** Standard output of a program. */
export interface ExecSpec {
  readonly kind: 'exec'
  /** The program, an absolute path or a name, and its arguments. */
  readonly command: readonly string[]
  /** Seconds. */
  readonly timeout: number
  /** Seconds after which it is run again; undefined: at a reload, or when it has failed. */
  readonly refresh: number | undefined
  /** All that its environment has. */
  readonly environment: Readonly<Record<string, string>>
  /** So long its last value is kept when it fails; seconds, 0: not at all. */
  readonly maxStale: number
}

/** Text with the values of secrets in it. */
export interface TemplateSpec {
  readonly kind: 'template'
  readonly parts: readonly TemplatePart[]
}

/** Bytes as they are, one for each character, or the value of a secret, by way of a filter. */
export type TemplatePart =
  { readonly literal: string } | { readonly secret: string; readonly filter: TemplateFilter | undefined }

/** Forms that a value can be written in. */
export type TemplateFilter = 'json' | 'shell' | 'base64' | 'urlencode' | 'systemd'

/** What a file that sops encrypted is written in. */
export const sopsFormats = ['yaml', 'json', 'dotenv', 'ini', 'binary'] as const
export type SopsFormat = (typeof sopsFormats)[number]

/** A field of a secret in a KV secrets engine. */
export interface VaultSpec {
  readonly kind: 'vault'
  /** Name of a `VaultConfig`. */
  readonly server: string
  /** As the `kv` command takes it: the mount, then the path in it. */
  readonly path: string
  readonly field: string
  /** Undefined: the latest. */
  readonly version: number | undefined
  /** Seconds between two questions whether it changed. */
  readonly refresh: number
}

export type SourceKind = SourceSpec['kind']
