import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { dump } from 'js-yaml'
import t from 'tap'
import { ConfigError } from '../../src/base/errors.ts'
import { nameProblem } from '../../src/base/secret-name.ts'
import { configOf, loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'

const FILE = '/nowhere/hushfs.yaml'

/** True when the text loads; every problem is a ConfigError of which each line names the file. */
function loads(text: string): boolean {
  try {
    configOf(FILE, text)
    return true
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const line of error.message.split('\n'))
      if (!line.startsWith(FILE)) throw new Error(`a line without the file: ${line}`, { cause: error })
    return false
  }
}

const words = fc.constantFrom(
  'secrets',
  'source',
  'sealed',
  'text',
  'mode',
  'units',
  'reads',
  'store',
  'owner',
  'exec',
  'command',
  'credential',
  'content',
  'file',
  'vault',
  'path',
  'server',
  'address',
  'auth',
  'approle',
  '__proto__',
)
const nearly = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.constantFrom('0400', 'a.service', 'once', 'root', null, true, 400, -1, 1e99),
    fc.constantFrom('${hushfs:a}', '${hushfs:a|json}', '${hushfs:', '/'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(words, fc.string()), tie('value'), { maxKeys: 4 }),
  ),
})).value

t.test('arbitrary bytes', (t) => {
  const file = join(t.testdir({}), 'x.yaml')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      writeFileSync(file, bytes)
      try {
        loadConfig(file)
      } catch (error) {
        return error instanceof ConfigError && error.message.startsWith(file)
      }
      return true
    }),
    { numRuns: 300 },
  )
  t.pass('give nothing but a ConfigError that names the file')
  t.end()
})

t.test('arbitrary text', (t) => {
  const punctuation = fc.string({
    unit: fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ' ',
      '\n',
      '"',
      "'",
      '&',
      '*',
      '|',
      '#',
      'a',
      '-',
      '!',
      '?',
    ),
  })
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), punctuation), (text) => void loads(text)),
    { numRuns: 1000 },
  )
  t.pass('gives nothing but a ConfigError that names the file')
  t.end()
})

t.test('maps that look like a configuration, as YAML and as JSON', (t) => {
  fc.assert(
    fc.property(fc.constantFrom('secrets', 'vaults'), nearly, (key, value) => {
      const document = { [key]: value }
      return loads(dump(document)) === loads(JSON.stringify(document))
    }),
    { numRuns: 1000 },
  )
  const template = fc.dictionary(fc.constantFrom('content', 'file', 'units', 'manager', 'reads', 'x'), nearly)
  const units = fc.constantFrom(undefined, [], ['a.service'], ['*'])
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(words, fc.constant('a')), template), units, (templates, units) => {
      const document = { secrets: { a: { source: { text: 'x' }, ...(units && { units }) } }, templates }
      return loads(dump(document)) === loads(JSON.stringify(document))
    }),
    { numRuns: 1000 },
  )
  t.pass('are judged alike')
  t.end()
})

t.test('names', (t) => {
  const schema = configSchema() as {
    properties: { secrets: { anyOf: [{ propertyNames: { pattern: string } }] } }
  }
  const pattern = new RegExp(schema.properties.secrets.anyOf[0].propertyNames.pattern, 'u')
  const name = fc.string({
    unit: fc.constantFrom('a', 'Z', '0', '.', '_', '@', ':', '+', '-', '/', ' ', 'é', '\n'),
  })
  const long = fc.nat(300).map((length) => 'a'.repeat(length))
  fc.assert(
    fc.property(fc.oneof(name, long), (text) => pattern.test(text) === (nameProblem(text) === undefined)),
    { numRuns: 2000 },
  )
  t.pass('match the JSON Schema exactly when the product accepts them')
  t.end()
})
