import fc from 'fast-check'
import t from 'tap'
import { globMatches, globsIntersect } from '../../src/policy/glob.ts'

/** A matcher that is plainly right. */
function naive(pattern: string, text: string): boolean {
  const [c, rest] = [pattern[0], pattern.slice(1)]
  if (c === undefined) return text === ''
  if (c === '*') return naive(rest, text) || (text !== '' && naive(pattern, text.slice(1)))
  return text !== '' && (c === '?' || c === text[0]) && naive(rest, text.slice(1))
}

const textOf = (alphabet: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), maxLength })

t.test('agrees with a recursive matcher', (t) => {
  fc.assert(
    fc.property(textOf('ab*?\\[', 9), textOf('ab\\[', 9), (pattern, text) => {
      return globMatches(pattern, text) === naive(pattern, text)
    }),
    { numRuns: 5000 },
  )
  t.pass('5,000 pairs')
  t.end()
})

/** Every text over a small alphabet. The shortest common text of two patterns is no longer than both together. */
function texts(longest: number): string[] {
  const all = ['']
  for (let from = 0, length = 1; length <= longest; length++) {
    const end = all.length
    for (; from < end; from++) all.push(`${all[from] ?? ''}a`, `${all[from] ?? ''}b`)
  }
  return all
}

t.test('two patterns intersect where a text is found that both match', (t) => {
  const all = texts(8)
  const pattern = textOf('ab*?', 4)
  fc.assert(
    fc.property(
      pattern,
      pattern,
      (a, b) => globsIntersect(a, b) === all.some((text) => naive(a, text) && naive(b, text)),
    ),
    { numRuns: 1500 },
  )
  t.pass('1,500 pairs')
  t.end()
})

t.test('a text intersects with the patterns that match it, and only with them', (t) => {
  fc.assert(
    fc.property(
      textOf('ab*?', 7),
      textOf('ab', 7),
      (pattern, text) => globsIntersect(pattern, text) === naive(pattern, text),
    ),
    { numRuns: 3000 },
  )
  t.pass('3,000 pairs')
  t.end()
})
