import t from 'tap'
import { globMatches, globsIntersect, hasWildcard } from '../../../src/policy/glob.ts'

t.test('what matches, and what does not', (t) => {
  const cases: [pattern: string, text: string, matches: boolean][] = [
    ['', '', true],
    ['', 'a', false],
    ['a', '', false],
    ['*', '', true],
    ['**', '', true],
    ['?', '', false],
    ['?', 'a', true],
    ['?', 'ab', false],
    ['a*', 'a', true],
    ['*a', 'ba', true],
    ['*a', 'bab', false],
    ['a*c*e', 'abcde', true],
    ['a*c*e', 'abcd', false],
    ['*ab*ab', 'abab', true],
    ['*ab*ab', 'aab', false],
    ['backup@*.service', 'backup@.service', true],
    ['backup@*.service', 'backup@daily.service', true],
    ['backup@*.service', 'backup@daily.services', false],
    ['backup@*.service', 'xbackup@daily.service', false],
    ['machine-*.scope', 'machine-a.scope', true],
    // The end of the text is tried again after each partial match of it.
    ['*.service', 'a.serviceb.service', true],
    ['*.service', 'a.service.scope', false],
    ['postgresql.service', 'postgresqlxservice', false],
  ]
  for (const [pattern, text, matches] of cases)
    t.equal(globMatches(pattern, text), matches, `${pattern} and ${text}`)
  t.end()
})

t.test('every character but * and ? stands for itself', (t) => {
  for (const c of '\\[]{}!^$.+()|/-@~,') {
    t.equal(hasWildcard(c), false)
    t.ok(globMatches(`a${c}b*`, `a${c}b`), c)
    t.notOk(globMatches(`a${c}b*`, 'axb'), c)
  }
  t.ok(globMatches('foo@a-b\\x2dc.service', 'foo@a-b\\x2dc.service'))
  t.notOk(globMatches('foo\\*', 'foo*'), 'a backslash escapes nothing')
  t.ok(globMatches('foo\\*', 'foo\\bar'))
  t.notOk(globMatches('[ab].service', 'a.service'))
  t.notOk(globMatches('{a,b}.service', 'a.service'))
  t.ok(hasWildcard('a*') && hasWildcard('?'))
  t.end()
})

t.test('names of 255 bytes, and a pattern that makes a recursive matcher explode', (t) => {
  t.ok(globMatches('?'.repeat(255), 'a'.repeat(255)))
  t.notOk(globMatches(`${'a*'.repeat(120)}b`, 'a'.repeat(255)))
  t.end()
})

t.test('patterns with a common text', (t) => {
  const cases: [a: string, b: string, intersect: boolean][] = [
    ['', '', true],
    ['', '*', true],
    ['a', 'b', false],
    ['a*', '*b', true],
    ['a?', '?b', true],
    ['a?', 'b?', false],
    ['*.service', 'backup@*.service', true],
    ['*.scope', 'backup@*.service', false],
    ['backup@x*.service', 'backup@*y.service', true],
    ['backup.service', 'backup@*.service', false],
    ['???', '*', true],
    ['???', '????', false],
  ]
  for (const [a, b, intersect] of cases) {
    t.equal(globsIntersect(a, b), intersect, `${a} and ${b}`)
    t.equal(globsIntersect(b, a), intersect, `${b} and ${a}`)
  }
  t.end()
})
