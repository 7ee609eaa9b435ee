import t from 'tap'
import type { SecretConfig, SourceSpec } from '../../../src/config/config.ts'
import { TermsMaker } from '../../../src/config/terms.ts'
import { OutdatedTemplates } from '../../../src/daemon/outdated-templates.ts'
import { value } from '../../support/tables.ts'

const secret = (name: string, source: SourceSpec): SecretConfig => ({
  name,
  source,
  terms: new TermsMaker().of({}),
})
const file = (name: string) => secret(name, { kind: 'file', path: `/s/${name}` })
const parts = ['a', 'b', 'v'].map((name) => ({ secret: name, filter: undefined }))
const vault = { kind: 'vault', server: 's', path: 'p', field: 'f', version: undefined, refresh: 60 } as const
const secrets = [
  file('a'),
  file('b'),
  secret('v', vault),
  file('x'),
  secret('all', { kind: 'template', parts }),
]
const [A, B, V, X, ALL] = [0, 1, 2, 3, 4]

function outdated() {
  const made: (readonly number[])[] = []
  const templates = new OutdatedTemplates(secrets, (indexes) => {
    made.push(indexes)
    return Promise.resolve()
  })
  const take = (index: number, making?: ReturnType<typeof templates.making>) => {
    templates.take(secrets, [{ index, value: value('v') }], making)
  }
  return { templates, made, take }
}

t.test('of two jobs at the same time, neither has seen the input of the other', (t) => {
  const { templates, made, take } = outdated()
  const first = templates.making()
  const second = templates.making()
  take(A, first)
  take(B, second)
  templates.made(second, secrets, [B, ALL])
  t.strictSame(made, [[ALL]])
  templates.made(first, secrets, [A])
  t.strictSame(made, [[ALL]], 'one without templates makes none')
  t.end()
})

t.test('a job makes its templates once, whatever is no input of them changes meanwhile', (t) => {
  const { templates, made, take } = outdated()
  take(B)
  const making = templates.making()
  take(A, making)
  take(A, making)
  take(X)
  take(ALL, making)
  templates.made(making, secrets, [A, ALL])
  t.strictSame(made, [])
  t.end()
})

t.test('a value of a vault makes its templates, and again those that are being made', async (t) => {
  const { templates, made, take } = outdated()
  const making = templates.making()
  take(V)
  t.strictSame(made, [[ALL]])
  templates.made(making, secrets, [A, ALL])
  t.ok(templates.inputs.get('v'))
  await new Promise(setImmediate)
  t.strictSame(made, [[ALL], [ALL]], 'one batch after the other')
})
