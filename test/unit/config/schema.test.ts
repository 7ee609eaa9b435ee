import t from 'tap'
import { configSchema } from '../../../src/config/schema.ts'

interface Schema {
  readonly description?: string
  readonly examples?: unknown[]
  readonly properties?: Record<string, Schema>
  readonly additionalProperties?: Schema | false
  readonly anyOf?: Schema[]
}

t.test('the JSON Schema describes every key, with an example, and refuses others', (t) => {
  const schema = configSchema() as Schema
  t.equal(schema.additionalProperties, false)
  t.strictSame(Object.keys(schema.properties ?? {}), [
    'mountPoint',
    'identities',
    'store',
    'directoryMode',
    'startTimeout',
    'polling',
    'vaults',
    'secrets',
    'templates',
  ])
  const secret = schema.properties?.['secrets']?.anyOf?.[0]?.additionalProperties
  if (secret === undefined || secret === false) throw new Error('no schema of a secret')
  t.equal(secret.additionalProperties, false)
  const source = secret.properties?.['source']
  t.strictSame(Object.keys(source?.properties ?? {}), [
    'sealed',
    'age',
    'sops',
    'credential',
    'exec',
    'vault',
    'file',
    'text',
  ])
  const vault = schema.properties['vaults']?.anyOf?.[0]?.additionalProperties
  if (vault === undefined || vault === false) throw new Error('no schema of a vault')
  const auth = vault.properties?.['auth']
  const methods = Object.values(auth?.properties ?? {})
  const of = (map: Schema | undefined) => Object.keys(map?.properties ?? {}).join(' ')
  t.equal(of(vault), 'address namespace auth caFile maxStale timeout')
  t.equal(of(auth), 'tokenFile approle cert jwt')
  t.strictSame(methods.slice(1).map(of), [
    'roleId roleIdFile secretIdFile mount',
    'certFile keyFile role mount',
    'role jwtFile mount',
  ])
  t.equal(of(source?.properties?.['vault']), 'server path field version refresh')
  const nested = [vault, auth, ...methods, source?.properties?.['vault']]
  for (const map of nested) if (map?.properties !== undefined) t.equal(map.additionalProperties, false)
  const keys = [schema, secret, source, ...nested].flatMap((map) => Object.entries(map?.properties ?? {}))
  for (const [key, { description, examples }] of keys) {
    t.type(description, 'string', `${key} has a description`)
    t.equal(examples?.length, 1, `${key} has an example`)
  }
  t.end()
})
