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
    'file',
    'text',
  ])
  const keys = [schema, secret, source].flatMap((map) => Object.entries(map?.properties ?? {}))
  for (const [key, { description, examples }] of keys) {
    t.type(description, 'string', `${key} has a description`)
    t.equal(examples?.length, 1, `${key} has an example`)
  }
  t.end()
})
