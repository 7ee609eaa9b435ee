import t from 'tap'
import type { SourceSpec } from '../../../src/config/config.ts'
import { helperOrders } from '../../../src/daemon/helpers.ts'

const sealed: SourceSpec = { kind: 'sealed', file: '/s' }
const secretsOf = (count: number, source: SourceSpec = sealed) =>
  Array.from({ length: count }, (_, index) => ({ name: `s${index}`, source }))
const nothingIsOpen = () => false

t.test('none for few, with one processor, or for what depends on anything', (t) => {
  t.strictSame(helperOrders(secretsOf(1999), nothingIsOpen, 8), [])
  t.equal(helperOrders(secretsOf(2000), nothingIsOpen, 8).length, 1, 'control')
  t.strictSame(helperOrders(secretsOf(100_000), nothingIsOpen, 1), [])
  t.strictSame(helperOrders(secretsOf(5000, { kind: 'text', value: 'x' }), nothingIsOpen, 8), [])
  t.end()
})

t.test('what is not open yet, from the end', (t) => {
  const orders = helperOrders(secretsOf(5000), (index) => index < 2000, 2)
  t.strictSame(orders, [Array.from({ length: 3000 }, (_, at) => 4999 - at)])
  t.end()
})

t.test('each of several begins elsewhere, and has all', (t) => {
  const orders = helperOrders(secretsOf(100_000), nothingIsOpen, 16)
  t.strictSame(
    orders.map(([first]) => first),
    [99_999, 74_999, 49_999],
  )
  for (const order of orders) t.equal(new Set(order).size, 100_000)
  t.end()
})

t.test('what a template is made of is left to the child that makes it', (t) => {
  const template: SourceSpec = { kind: 'template', parts: [{ secret: 's7', filter: undefined }] }
  const secrets = [...secretsOf(4000), { name: 'made', source: template }]
  const [order = []] = helperOrders(secrets, nothingIsOpen, 2)
  t.notOk(order.includes(7))
  t.notOk(order.includes(4000))
  t.equal(order.length, 3999)
  t.end()
})
