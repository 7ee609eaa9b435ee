import * as z from 'zod/mini'
import {
  duration,
  expected,
  group,
  key,
  list,
  mode,
  owner,
  path,
  unitGlob,
  unitName,
  userUnitGlob,
} from './fields.ts'
import { source } from './source-schema.ts'
import { vaultName } from './vault-fields.ts'
import { vaultSchema, type VaultInput } from './vault-schema.ts'

const READS = 'always, once, or {startup: DURATION}'

const reads = z.union(
  [z.enum(['always', 'once']), z.strictObject({ startup: duration }, expected('a map'))],
  { error: `expected ${READS}` },
)

const boolean = z.boolean(expected('true or false'))

/** What the file says about one secret. */
export const secretSchema = z.strictObject(
  {
    source,
    owner: key(owner, 'User name or number that owns the file', 'postgres', 'root'),
    group: key(group, 'Group name or number of the file', 'postgres', 'root'),
    mode: key(mode, 'Permission bits, a quoted octal number; nothing can be written', '0440', '0400'),
    units: key(
      list(unitGlob),
      'Only these systemd units may read, root included; * and ? are wildcards; an empty list is no unit at all',
      ['postgresql.service', 'backup@*.service'],
    ),
    userUnits: key(list(userUnitGlob), "Units of a user's own manager that may read, as USER/UNIT", [
      'alice/syncthing.service',
    ]),
    manager: key(boolean, 'Whether PID 1 itself may read, as for EnvironmentFile=', false, true),
    reads: key(reads, 'How often a unit may open the secret after its start', { startup: '30s' }, 'always'),
    restartUnits: key(list(unitName), 'Units to restart when the value changes', ['postgresql.service'], []),
    reloadUnits: key(list(unitName), 'Units to reload when the value changes', ['nginx.service'], []),
  },
  expected('a map with a source, such as {source: {sealed: FILE}}'),
)

const settings = {
  mountPoint: key(path, 'Where the secrets are mounted', '/run/hushfs', '/run/hushfs'),
  identities: key(
    list(path),
    'Files with the private keys that open the sources: hushfs or age identities, SSH keys',
    ['/etc/ssh/ssh_host_ed25519_key', '/var/lib/hushfs/identity'],
    [],
  ),
  store: key(path, 'Folder of the sealed files', '/var/lib/hushfs/store', '/var/lib/hushfs/store'),
  directoryMode: key(mode, 'Permission bits of every directory, a quoted octal number', '0755', '0711'),
  startTimeout: key(
    duration,
    "How long readers wait for a secret whose source isn't there yet when the service starts; then they get an error",
    '10s',
    '30s',
  ),
}

const secrets = z.nullish(z.record(z.string(), z.unknown(), expected('a map of secrets')))
const vaults = z.nullish(z.record(z.string(), z.unknown(), expected('a map of vaults')))

/** The whole file. A `secrets:` with nothing but comments below it is null. */
export const documentSchema = z.strictObject(
  { ...settings, vaults, secrets },
  expected('a map with keys such as identities and secrets'),
)

export type SecretInput = z.infer<typeof secretSchema>
export type DocumentInput = Omit<z.infer<typeof documentSchema>, 'vaults' | 'secrets'> & {
  vaults?: Record<string, VaultInput> | null | undefined
  secrets?: Record<string, SecretInput> | null | undefined
}

/** What a person may write at a place of the file: the keys of the document, of a secret, of a nested map. */
export function keysAt([top, , ...rest]: readonly PropertyKey[]): readonly string[] {
  if (top === undefined) return Object.keys(documentSchema.shape)
  const schema = top === 'secrets' ? secretSchema : top === 'vaults' ? vaultSchema : undefined
  return Object.keys(rest.reduce<object>((shape, key) => shapeOf(key, shape), schema?.shape ?? {}))
}

/** The keys of the map at `key`, by their schemas; none where that is no map. */
function shapeOf(key: PropertyKey, shape: object): object {
  const child = Object.hasOwn(shape, key) ? (shape as Record<PropertyKey, z.core.$ZodType>)[key] : undefined
  const { def } = (child?._zod ?? {}) as { def?: { innerType?: z.core.$ZodType; shape?: object } }
  const inner = (def?.innerType?._zod.def ?? def) as { shape?: object } | undefined
  return inner?.shape ?? {}
}

/** The JSON Schema (2020-12) of the configuration, for editors and generators. */
export function configSchema(): object {
  // nameProblem of base/secret-name.ts, as one pattern.
  const name = z
    .string()
    .check(z.regex(/^(?!.{256})[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*(?:\/[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*)*$/))
  const vaults = z.nullish(z.record(vaultName, vaultSchema)).check(
    z.meta({
      description: 'Servers of Vault or OpenBao by name',
      examples: [
        { main: { address: 'https://vault.example:8200', auth: { tokenFile: '/run/vault-token' } } },
      ],
    }),
  )
  const secrets = z.nullish(z.record(name, secretSchema)).check(
    z.meta({
      description: 'The secrets by name',
      examples: [{ 'db/password': { source: { sealed: 'db-password.sealed' } } }],
    }),
  )
  return {
    title: 'hushfs configuration',
    ...z.toJSONSchema(z.strictObject({ ...settings, vaults, secrets }), { io: 'input' }),
  }
}
