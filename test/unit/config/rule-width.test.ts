import fc from 'fast-check'
import t from 'tap'
import type { Terms } from '../../../src/config/config.ts'
import { covers, widerThan } from '../../../src/config/rule-width.ts'
import { globMatches } from '../../../src/policy/glob.ts'

type UnitRule = Pick<Terms, 'units' | 'userUnits' | 'manager' | 'reads'>
const rule = (rest: Partial<UnitRule> = {}): UnitRule => ({
  units: undefined,
  userUnits: undefined,
  manager: true,
  reads: { kind: 'always' },
  ...rest,
})
const key = (secret: Partial<UnitRule>, template: Partial<UnitRule>) =>
  widerThan(rule(secret), rule(template))?.key

const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 })
const texts = (length: number): string[] =>
  length === 0
    ? ['']
    : ['', ...texts(length - 1).flatMap((text) => ['a', 'b', 'c'].map((c) => `${c}${text}`))]
const allTexts = [...new Set(texts(7))]

t.test('a glob that covers another matches all that it matches', (t) => {
  let covered = 0
  fc.assert(
    fc.property(glob, glob, (wide, narrow) => {
      if (!covers(wide, narrow)) return true
      covered++
      return allTexts.every((text) => !globMatches(narrow, text) || globMatches(wide, text))
    }),
    { numRuns: 1500 },
  )
  t.ok(covered > 50, `${covered} pairs covered`)
  t.end()
})

t.test('of patterns without wildcards it is equality, and covering is reflexive and transitive', (t) => {
  fc.assert(
    fc.property(
      glob,
      glob,
      glob,
      (a, b, c) => covers(a, a) && !(covers(a, b) && covers(b, c) && !covers(a, c)),
    ),
    { numRuns: 5000 },
  )
  fc.assert(
    fc.property(
      glob,
      fc.string({ unit: fc.constantFrom('a', 'b') }),
      (g, text) => covers(g, text) === globMatches(g, text),
    ),
  )
  t.end()
})

const covered: [string, string][] = [
  ['*', 'app.service'],
  ['*', '*?*'],
  ['app@*.service', 'app@1.service'],
  ['app@*.service', 'app@x?.service'],
  ['app@*', 'app@*.service'],
  ['?*', '*?'],
]
for (const [wide, narrow] of covered) t.equal(covers(wide, narrow), true, `${wide} covers ${narrow}`)
const uncovered: [string, string][] = [
  ['app@*.service', 'app*.service'],
  ['app@?.service', 'app@*.service'],
  ['app.service', 'app?service'],
  ['app?service', '*'],
  ['a*b', 'a*c'],
]
for (const [wide, narrow] of uncovered)
  t.equal(covers(wide, narrow), false, `${wide} doesn't cover ${narrow}`)

t.test('rules', (t) => {
  const units = ['app.service']
  t.equal(key({}, {}), undefined)
  t.equal(key({}, { units: ['*'] }), undefined, 'a secret without a rule is narrower than none')
  t.equal(key({ manager: false }, {}), undefined, 'without a rule `manager` means nothing')
  t.equal(key({ units }, {}), 'units')
  t.equal(key({ units: [] }, {}), 'units')
  t.equal(key({ units }, { units: [] }), undefined, 'no unit at all')
  t.equal(key({ units: [] }, { units }), 'units')
  t.equal(key({ units }, { units }), undefined)
  t.equal(key({ units }, { userUnits: ['alice/app.service'] }), 'userUnits', 'a user unit is another unit')
  t.equal(key({ userUnits: ['alice/*'] }, { userUnits: ['alice/app.service'] }), undefined)
  t.equal(key({ userUnits: ['alice/*'] }, { userUnits: ['bob/app.service'] }), 'userUnits')
  t.equal(key({ userUnits: ['alice/*'] }, { units }), 'units')
  t.equal(key({ units, manager: false }, { units }), 'manager')
  t.equal(key({ units, manager: false }, { units, manager: false }), undefined)
  const startup = (seconds: number) => ({ kind: 'startup', seconds }) as const
  const once = { kind: 'once' } as const
  t.equal(key({ units, reads: startup(30) }, { units, reads: startup(30) }), undefined)
  t.equal(key({ units, reads: startup(30) }, { units, reads: startup(31) }), 'reads')
  t.equal(key({ units, reads: startup(30) }, { units, reads: once }), 'reads', 'once may be late')
  t.equal(key({ units, reads: once }, { units, reads: startup(1) }), 'reads')
  t.equal(key({ units, reads: once }, { units }), 'reads')
  t.equal(key({ units }, { units, reads: once }), undefined)
  t.end()
})
