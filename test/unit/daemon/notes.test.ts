import fc from 'fast-check'
import t from 'tap'
import { linesOf } from '../../../src/daemon/notes.ts'

const many = (count: number, text: string) =>
  Array.from({ length: count }, (_, index) => ({ secret: `s${index}`, text }))

t.test('a few have a line each', (t) => {
  const notes = [...many(20, 'gone'), { secret: 'b', text: 'broken' }]
  t.strictSame(linesOf(notes), [
    ...Array.from({ length: 20 }, (_, index) => `secret s${index}: gone`),
    'secret b: broken',
  ])
  t.strictSame(linesOf([]), [])
  t.end()
})

t.test('many of which the same is said share lines that are not too long', (t) => {
  t.equal(linesOf(many(21, 'gone')).length, 1)
  t.match(linesOf(many(21, 'gone')), [/^secrets s0, s1, .*, s20: gone$/])
  const note = fc.record({
    secret: fc.stringMatching(/^[a-z]{1,255}$/),
    text: fc.constantFrom('gone', 'broken: by x', 'late'),
  })
  const named = fc.property(fc.array(note, { maxLength: 300, size: 'max' }), (notes) => {
    const lines = linesOf(notes)
    const said = lines.flatMap((line) => {
      const [, names = '', text = ''] = /^secrets? ([^:]+): (.*)$/.exec(line) ?? []
      return names.split(', ').map((secret) => `${secret}: ${text}`)
    })
    const expected = notes.map(({ secret, text }) => `${secret}: ${text}`)
    return (
      JSON.stringify(said.sort()) === JSON.stringify(expected.sort()) &&
      lines.every((line) => line.length < 4200) &&
      lines.length <= 60 + notes.length / 10
    )
  })
  t.doesNotThrow(() => {
    fc.assert(named)
  })
  t.end()
})
