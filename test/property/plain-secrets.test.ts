import fc from 'fast-check'
import t from 'tap'
import { PlainSecrets } from '../../src/config/plain.ts'
import { secretSchema } from '../../src/config/schema.ts'

/** Values that some key accepts, and their neighbours: the same text as a list, its JSON, another type. */
const scalars = fc.constantFrom<unknown>(
  ...['root', '0400', '400', 'a.service', 'alice/a.service', 'always', 'once', '', '\0', '__proto__'],
  ...[0, 1, -1, 400, 1.5, Number.NaN, true, false, null, undefined],
  ...['["a.service"]', '[]', '[null]'],
)
const values = fc.oneof(
  scalars,
  fc.array(scalars, { maxLength: 2 }),
  fc.constantFrom<unknown>({ startup: '30s' }, { startup: 30 }, {}),
)
const keys = fc.constantFrom(
  ...['owner', 'group', 'mode', 'units', 'userUnits', 'manager', 'reads', 'restartUnits', 'reloadUnits'],
  ...['file', '__proto__', 'constructor', 'toString', 'source'],
)
const sources = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ sealed: 'a' }) },
  fc.dictionary(
    fc.constantFrom('sealed', 'age', 'file', 'text', 'sops', 'x'),
    fc.oneof(scalars, fc.string()),
    {
      maxKeys: 2,
    },
  ),
  scalars,
)
const secrets = fc.oneof(
  fc
    .tuple(fc.dictionary(keys, values, { maxKeys: 4 }), fc.option(sources, { nil: undefined }))
    .map(([access, source]) => (source === undefined ? access : { ...access, source })),
  scalars,
)

t.test('what is taken for plain is what the schema accepts', (t) => {
  let plain = 0
  // One for all, as for the secrets of a file: what one was accepted for is remembered.
  const recognizer = new PlainSecrets()
  fc.assert(
    fc.property(secrets, (secret) => {
      if (!recognizer.accepts(secret)) return true
      plain++
      return secretSchema.safeParse(secret).success
    }),
    { numRuns: 20_000 },
  )
  t.ok(plain > 1000, `${plain} were`)
  t.end()
})

t.test('most secrets are plain', (t) => {
  const recognizer = new PlainSecrets()
  const source = { sealed: 'a.sealed' }
  for (const secret of [
    { source },
    { source: { age: '/a' }, owner: 'postgres', group: 5, mode: '0440' },
    { source, units: ['a.service', 'b@*.service'], restartUnits: [], manager: false, reads: 'once' },
  ])
    t.ok(recognizer.accepts(secret))
  for (const secret of [
    { source: { sealed: 'a', age: 'b' } },
    { source: { sealed: '' } },
    { source: { sealed: 'a\0' } },
    { source: { exec: { command: ['a'] } } },
    { source, owner: 'two words' },
    { source, units: ['a.service', 5] },
    { source, more: 1 },
    {},
    [source],
    null,
  ])
    t.notOk(recognizer.accepts(secret))
  t.end()
})
