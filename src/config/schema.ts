import * as z from 'zod/mini'
import {
  duration,
  expected,
  group,
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
import { keysOfSource, source } from './source-schema.ts'

const READS = 'always, once, or {startup: DURATION}'

const reads = z.union(
  [z.enum(['always', 'once']), z.strictObject({ startup: duration }, expected('a map'))],
  { error: `expected ${READS}` },
)

const boolean = z.boolean(expected('true or false'))

/** An optional key with its description, an example, and the default where there is one. */
const key = <Value extends z.ZodMiniType>(
  schema: Value,
  description: string,
  example: unknown,
  initial?: unknown,
) =>
  z.optional(
    schema.check(
      z.meta({ description, examples: [example], ...(initial === undefined ? {} : { default: initial }) }),
    ),
  )

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

/** The whole file. A `secrets:` with nothing but comments below it is null. */
export const documentSchema = z.strictObject(
  {
    ...settings,
    secrets: z.nullish(z.record(z.string(), z.unknown(), expected('a map of secrets'))),
    templates: z.nullish(z.record(z.string(), z.unknown(), expected('a map of templates'))),
  },
  expected('a map with keys such as identities and secrets'),
)

export type SecretInput = z.infer<typeof secretSchema>
export type TemplateInput = z.infer<typeof templateSchema>
export type DocumentInput = Omit<z.infer<typeof documentSchema>, 'secrets' | 'templates'> & {
  secrets?: Record<string, SecretInput> | null | undefined
  templates?: Record<string, TemplateInput> | null | undefined
}

/** What a person may write at a place of the file: the keys of the document, of a secret, of a nested map. */
export function keysAt(place: readonly PropertyKey[]): readonly string[] {
  if (place.length === 0) return Object.keys(documentSchema.shape)
  if (place.length === 2)
    return Object.keys(place[0] === 'templates' ? templateSchema.shape : secretSchema.shape)
  if (place[2] !== 'source') return []
  return place.length === 3 ? Object.keys(source.shape) : keysOfSource(String(place[3]))
}

/** The JSON Schema (2020-12) of the configuration, for editors and generators. */
export function configSchema(): object {
  // nameProblem of base/secret-name.ts, as one pattern.
  const name = z
    .string()
    .check(z.regex(/^(?!.{256})[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*(?:\/[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*)*$/))
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
    ...z.toJSONSchema(z.strictObject({ ...settings, secrets, templates }), { io: 'input' }),
  }
}
