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
  plaintext,
  polling,
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

/** Who may read, and what happens when the value changes: of a secret and of a template. */
const access = {
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
}

/** What the file says about one secret. */
export const secretSchema = z.strictObject(
  { source, ...access },
  expected('a map with a source, such as {source: {sealed: FILE}}'),
)

/** What it says about one template. */
export const templateSchema = z
  .strictObject(
    {
      content: key(
        plaintext,
        'The text, with ${hushfs:NAME} or ${hushfs:NAME|FILTER} where a value belongs',
        'PASSWORD=${hushfs:db/password|systemd}\n',
      ),
      file: key(path, 'A file with the text', 'app.env.template'),
      ...access,
    },
    expected('a map with content or file'),
  )
  .check(
    z.refine(({ content, file }) => (content === undefined) !== (file === undefined), {
      error: 'expected exactly one of content, file',
    }),
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
  polling: key(
    polling,
    'How long the server polls for the next request after an answer before it sleeps: auto, off, or a bound; from the next start on',
    '100us',
    'auto',
  ),
}

const secrets = z.nullish(z.record(z.string(), z.unknown(), expected('a map of secrets')))
const templates = z.nullish(z.record(z.string(), z.unknown(), expected('a map of templates')))
const vaults = z.nullish(z.record(z.string(), z.unknown(), expected('a map of vaults')))

/** The whole file. A `secrets:` with nothing but comments below it is null. */
export const documentSchema = z.strictObject(
  { ...settings, vaults, secrets, templates },
  expected('a map with keys such as identities and secrets'),
)

export type SecretInput = z.infer<typeof secretSchema>
export type TemplateInput = z.infer<typeof templateSchema>
export type DocumentInput = Omit<z.infer<typeof documentSchema>, 'vaults' | 'secrets' | 'templates'> & {
  vaults?: Record<string, VaultInput> | null | undefined
  secrets?: Record<string, SecretInput> | null | undefined
  templates?: Record<string, TemplateInput> | null | undefined
}

const entries = { secrets: secretSchema, templates: templateSchema, vaults: vaultSchema }

/** What a person may write at a place of the file: the keys of the document, of a secret, of a nested map. */
export function keysAt([top, , ...rest]: readonly PropertyKey[]): readonly string[] {
  if (top === undefined) return Object.keys(documentSchema.shape)
  const entry = Object.entries(entries).find(([kind]) => kind === top)?.[1]
  return Object.keys(rest.reduce<object>((shape, key) => shapeOf(key, shape), entry?.shape ?? {}))
}

/** The keys of the map that may be at `key`; none where there may be no map. */
function shapeOf(key: PropertyKey, shape: object): object {
  return Object.hasOwn(shape, key) ? mapIn((shape as Record<PropertyKey, z.core.$ZodType>)[key]) : {}
}

/** What zod has of a schema: of an optional one what is in it, of a union its alternatives, of a map its keys. */
interface Definition {
  readonly innerType?: z.core.$ZodType
  readonly options?: readonly z.core.$ZodType[]
  readonly shape?: object
}

function mapIn(schema: z.core.$ZodType | undefined): object {
  const { innerType, options = [], shape } = (schema?._zod.def ?? {}) as Definition
  if (innerType !== undefined) return mapIn(innerType)
  return options.reduce<object>((all, option) => ({ ...all, ...mapIn(option) }), shape ?? {})
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
  const templates = z.nullish(z.record(name, templateSchema)).check(
    z.meta({
      description:
        'Files with the values of secrets in them, by name; names of secrets and templates are all different',
      examples: [{ 'app.env': { content: 'PASSWORD=${hushfs:db/password|systemd}\n', owner: 'app' } }],
    }),
  )
  return {
    title: 'hushfs configuration',
    ...z.toJSONSchema(z.strictObject({ ...settings, vaults, secrets, templates }), { io: 'input' }),
  }
}
