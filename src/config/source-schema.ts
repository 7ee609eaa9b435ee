import { basename } from 'node:path'
import * as z from 'zod/mini'
import { absolute } from './absolute.ts'
import { sopsFormats, type SourceSpec } from './config.ts'
import {
  command,
  credentialName,
  duration,
  environment,
  expected,
  path,
  plaintext,
  secondsOf,
  sopsKey,
  timeout,
} from './fields.ts'
import { resolveVaultSource, vaultSource } from './vault-schema.ts'

/** What the configuration file says about one kind of source, and how that becomes a specification. */
interface SourceRow<Value extends z.ZodMiniType> {
  readonly schema: Value
  readonly description: string
  readonly example: z.infer<Value>
  /** `vaults`: the names of the configured ones. */
  spec(value: z.infer<Value>, folder: string, vaults: readonly string[]): SourceSpec
}

const flag = z.optional(z.boolean(expected('true or false')))

const credentialMap = z.strictObject({ file: path, name: z.optional(credentialName), allowNull: flag })

const credential = z.union([path, credentialMap], {
  error: 'expected a path, or a map with `file` and, where they are needed, `name` and `allowNull`',
})

const exec = z.strictObject(
  {
    command,
    timeout: z.optional(timeout),
    refresh: z.optional(duration),
    environment: z.optional(environment),
    stale: flag,
  },
  expected('a map with a command, such as {command: [/usr/bin/printf, value]}'),
)

const EXEC_SECONDS = 10
/** Seconds; a number, because Infinity doesn't go through JSON. */
const FOREVER = 1e9

const row = <Value extends z.ZodMiniType>(row: SourceRow<Value>) => row

const sopsMap = z.strictObject(
  {
    file: path,
    key: z.optional(sopsKey),
    format: z.optional(z.enum(sopsFormats, { error: `expected one of ${sopsFormats.join(', ')}` })),
  },
  expected('a map such as {file: FILE, key: a/b}'),
)

/** One row for each kind of source, in the order of messages. */
const rows = {
  sealed: row({
    schema: path,
    description: "hushfs' own sealed file",
    example: 'db-password.sealed',
    spec: (file, folder) => ({ kind: 'sealed', file: absolute(folder, file) }),
  }),
  age: row({
    schema: path,
    description: 'An age file, binary or armored',
    example: 'secrets/db-password.age',
    spec: (file, folder) => ({ kind: 'age', file: absolute(folder, file) }),
  }),
  sops: row({
    schema: sopsMap,
    description: 'A file that sops encrypted for age recipients: one value of it, or all of it',
    example: { file: 'secrets/app.yaml', key: 'db/password' },
    spec: ({ file, key, format }, folder) => ({ kind: 'sops', file: absolute(folder, file), key, format }),
  }),
  credential: row({
    schema: credential,
    description:
      'A file of `systemd-creds encrypt`; a map with `name` where the embedded name is not that of the file, with `allowNull` where no key protects it',
    example: '/etc/credstore.encrypted/db-password',
    spec: (value, folder) => {
      const { file, name, allowNull } = typeof value === 'string' ? { file: value } : value
      return {
        kind: 'credential',
        file: absolute(folder, file),
        name: name ?? basename(file),
        allowNull: allowNull ?? false,
      }
    },
  }),
  exec: row({
    schema: exec,
    description:
      'Standard output of a program that is run without a shell, with no environment but `environment`; `stale` keeps the last value when it fails',
    example: { command: ['/usr/bin/pass', 'show', 'db'], timeout: '10s' },
    spec: ({ command, timeout, refresh, environment, stale }) => ({
      kind: 'exec',
      command,
      timeout: timeout === undefined ? EXEC_SECONDS : secondsOf(timeout),
      refresh: refresh === undefined ? undefined : secondsOf(refresh),
      environment: environment ?? {},
      maxStale: stale === true ? FOREVER : 0,
    }),
  }),
  vault: row({
    schema: vaultSource,
    description: 'A field of a secret in Vault or OpenBao, KV v1 or v2',
    example: { path: 'kv/db', field: 'password' },
    spec: (value, _folder, vaults) => resolveVaultSource(value, vaults),
  }),
  file: row({
    schema: path,
    description: 'A file with the plaintext, for tests and migration',
    example: '/root/db-password',
    spec: (file, folder) => ({ kind: 'file', path: absolute(folder, file) }),
  }),
  text: row({
    schema: plaintext,
    description: 'The plaintext itself, for tests and migration',
    example: 'not a secret',
    spec: (value) => ({ kind: 'text', value }),
  }),
}

type Rows = typeof rows
type Kind = keyof Rows
type Fields = { [K in Kind]: z.ZodMiniOptional<Rows[K]['schema']> }

/** The kinds that a configuration may name. */
export const sourceKinds = Object.keys(rows) as readonly Kind[]

const ONE = `one of ${sourceKinds.join(', ')}`

const fields = Object.fromEntries(
  Object.entries(rows).map(([kind, { schema, description, example }]) => [
    kind,
    z.optional(schema.check(z.meta({ description, examples: [example] }))),
  ]),
) as Fields

/** A map with exactly one key, the kind. */
export const source = z.strictObject(fields, expected(`${ONE}, such as {sealed: FILE}`)).check(
  z.refine((value) => Object.keys(value).length === 1, { error: `expected exactly ${ONE}` }),
  z.meta({
    description: 'Where the encrypted value comes from',
    examples: [{ sealed: rows.sealed.example }],
    minProperties: 1,
    maxProperties: 1,
  }),
)

/** The specification of a checked `source`. */
export function specOf(value: z.infer<typeof source>, folder: string, vaults: readonly string[]): SourceSpec {
  for (const kind of sourceKinds) {
    const row: SourceRow<z.ZodMiniType> = rows[kind]
    if (value[kind] !== undefined) return row.spec(value[kind], folder, vaults)
  }
  throw new TypeError('a source that the schema accepted has no kind')
}
