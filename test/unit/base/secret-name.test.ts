import t from 'tap'
import { folderConflict, MAX_NAME_BYTES, nameProblem } from '../../../src/base/secret-name.ts'

t.test('names of the contract', (t) => {
  const good = [
    'a',
    'db/password',
    'A-Z_0.9@:+-',
    '-',
    'a..b',
    'n'.repeat(MAX_NAME_BYTES),
    `${'d/'.repeat(127)}x`,
  ]
  for (const name of good) t.equal(nameProblem(name), undefined, name)
  t.end()
})

t.test('what is wrong with others', (t) => {
  const rows: [string, RegExp][] = [
    ['', /is empty/],
    ['n'.repeat(MAX_NAME_BYTES + 1), /longer than 255 bytes/],
    ['/a', /empty part/],
    ['a/', /empty part/],
    ['a//b', /empty part/],
    ['.a', /starts with a dot/],
    ['a/..', /starts with a dot/],
    ['a/.units', /starts with a dot/],
    ['a b', /a character other than/],
    ['ä', /a character other than/],
    ['a\n', /a character other than/],
    ['a\\b', /a character other than/],
  ]
  for (const [name, problem] of rows) t.match(nameProblem(name), problem, JSON.stringify(name))
  t.end()
})

t.test('a file can not be a folder too', (t) => {
  t.equal(folderConflict('a', ['b', 'a/b']), 'a/b')
  t.equal(folderConflict('a/b/c', ['a/b']), 'a/b')
  t.equal(folderConflict('a', ['a', 'ab', 'b/a']), undefined)
  t.end()
})
