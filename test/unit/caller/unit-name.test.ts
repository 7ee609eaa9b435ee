import t from 'tap'
import { isPlainUnitName, isUnitName } from '../../../src/caller/unit-name.ts'

const long = (length: number) => `${'u'.repeat(length - '.service'.length)}.service`

t.test('plain units, of every type', (t) => {
  const types = 'service socket target device mount automount swap timer path slice scope'.split(' ')
  const names = [
    ...types.map((type) => `a.${type}`),
    'A-Z.0:9_\\x2d.service',
    '..service',
    '-.slice',
    long(255),
  ]
  for (const name of names) t.ok(isPlainUnitName(name) && isUnitName(name), name)
  t.end()
})

t.test('instances of templates are units, but not plain ones', (t) => {
  const names = [
    'a@b.service',
    'a@b@c.service',
    'a@@.service',
    'foo@a-b\\x2dc.service',
    'a@.b.service',
    'user@1000.service',
  ]
  for (const name of names) t.ok(isUnitName(name) && !isPlainUnitName(name), name)
  t.end()
})

t.test('names of no unit', (t) => {
  const names = [
    '',
    '.',
    'service',
    '.service',
    'a.',
    'a.service.',
    'a.Service',
    'a.services',
    'a.service ',
    'a.service\n',
    ' a.service',
    'a b.service',
    'a/b.service',
    'a+b.service',
    'a*.service',
    'ä.service',
    'a\0.service',
    'a.snapshot',
    'a.busname',
    '@.service',
    '@b.service',
    'a@.service',
    'a@b/c.service',
    long(256),
  ]
  for (const name of names) t.notOk(isUnitName(name) || isPlainUnitName(name), JSON.stringify(name))
  t.end()
})
