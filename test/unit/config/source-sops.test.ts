import { join } from 'node:path'
import t from 'tap'
import { ConfigError } from '../../../src/base/errors.ts'
import { configOf, loadConfig } from '../../../src/config/load.ts'

/** What is wrong with a configuration. */
function problemsIn(text: string): string {
  try {
    configOf('FILE', text)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

t.test('sources of sops', (t) => {
  const folder = t.testdir({
    'hushfs.yaml': `secrets:
  a: {source: {sops: {file: app.yaml, key: db/hosts/0}}}
  b: {source: {sops: {file: /abs/app, format: dotenv}}}
`,
  })
  t.strictSame(
    loadConfig(join(folder, 'hushfs.yaml')).secrets.map(({ source }) => source),
    [
      { kind: 'sops', file: join(folder, 'app.yaml'), key: 'db/hosts/0', format: undefined },
      { kind: 'sops', file: '/abs/app', key: undefined, format: 'dotenv' },
    ],
  )
  const message = problemsIn(`secrets:
  a: {source: {sops: app.yaml}}
  b: {source: {sops: {key: x}}}
  c: {source: {sops: {file: x, key: /x, format: toml, keys: x}}}
`)
  t.strictSame(message.split('\n'), [
    'FILE:2:16: secrets.a.source.sops: expected a map such as {file: FILE, key: a/b}, got a string',
    'FILE:3:16: secrets.b.source.sops.file: expected a path, got nothing',
    'FILE:4:32: secrets.c.source.sops.key: expected keys and positions joined by slashes such as db/hosts/0',
    'FILE:4:41: secrets.c.source.sops.format: expected one of yaml, json, dotenv, ini, binary',
    'FILE:4:55: secrets.c.source.sops.keys: unknown key `keys`; did you mean `key`?',
  ])
  t.end()
})
