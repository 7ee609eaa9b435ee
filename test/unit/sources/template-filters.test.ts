/** Each filter by the consumer that it is for, over arbitrary bytes. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import type { TemplateFilter } from '../../../src/config/config.ts'
import { applyFilter } from '../../../src/sources/template-filters.ts'

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Uint8Array.from(Buffer.from(text))),
  fc
    .string({ unit: fc.constantFrom(...Array.from(`'"\\$\`\n\r\t !#%&*;=?~{}a`)) })
    .map((text) => Uint8Array.from(Buffer.from(text))),
)
const filtered = (filter: TemplateFilter, value: Uint8Array): Buffer | string => {
  const piece = applyFilter(filter, value)
  return typeof piece === 'string' ? piece : Buffer.from(piece)
}
/** Of RFC 3986. */
const decoded = (url: string) =>
  Buffer.from(
    url.replace(/%([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))),
    'latin1',
  )
const withoutNul = bytes.map((value) => value.filter((byte) => byte !== 0))

for (const shell of ['sh', 'bash']) {
  t.test(`shell: one word of ${shell}, byte for byte`, (t) => {
    // Many words for each shell: starting one is what takes time.
    fc.assert(
      fc.property(fc.array(withoutNul, { minLength: 1, maxLength: 60 }), (values) => {
        const lines = values.flatMap((value) => [
          Buffer.from("printf '%s\\0' "),
          filtered('shell', value),
          Buffer.from('\n'),
        ])
        const script = Buffer.concat(lines as Buffer[])
        const out = execFileSync(shell, [], { input: script, env: {} })
        const wanted = Buffer.concat(values.flatMap((value) => [Buffer.from(value), Buffer.from([0])]))
        return out.equals(wanted)
      }),
      { numRuns: 30 },
    )
    const value = Buffer.from('it\'s $HOME `id` \\ "x" \n!')
    const assigned = execFileSync(shell, ['-c', `X=${filtered('shell', value).toString()}; printf %s "$X"`])
    t.strictSame(assigned, value, 'as an assignment')
    t.end()
  })
}

t.test('shell: NUL is refused', (t) => {
  t.equal(applyFilter('shell', Uint8Array.of(0x61, 0, 0x62)), 'a NUL byte')
  t.end()
})

t.test('json: a string of JSON.parse, or an error for what is no UTF-8', (t) => {
  fc.assert(
    fc.property(bytes, (value) => {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      const piece = filtered('json', value)
      let wanted: string
      try {
        wanted = text.decode(value)
      } catch {
        return piece === 'bytes that are no UTF-8'
      }
      return typeof piece !== 'string' && JSON.parse(piece.toString()) === wanted && !piece.includes(0x0a)
    }),
    { numRuns: 2000 },
  )
  t.pass('held')
  t.end()
})

t.test('base64 and urlencode: what decoders give back, and nothing but safe characters', (t) => {
  fc.assert(
    fc.property(bytes, (value) => {
      const base64 = filtered('base64', value).toString('latin1')
      const url = filtered('urlencode', value).toString('latin1')
      return (
        base64 === Buffer.from(value).toString('base64') &&
        /^[A-Za-z0-9._~%-]*$/.test(url) &&
        decoded(url).equals(Buffer.from(value))
      )
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const url = filtered('urlencode', Buffer.from(text)).toString('latin1')
      return decodeURIComponent(url) === text && new URL(`http://u:${url}@h/`).password === url
    }),
  )
  t.equal(filtered('urlencode', Buffer.from('p@ss/w:rd é+')).toString(), 'p%40ss%2Fw%3Ard%20%C3%A9%2B')
  t.end()
})

t.test('systemd: what its parser would drop is refused', (t) => {
  const refused: [string, string][] = [
    ['a\0b', 'a NUL byte'],
    ['\ufdd0', 'a Unicode noncharacter'],
    ['x\ufdefx', 'a Unicode noncharacter'],
    ['\ufffe', 'a Unicode noncharacter'],
    ['\uffff', 'a Unicode noncharacter'],
    ['\u{1fffe}', 'a Unicode noncharacter'],
    ['\u{10ffff}', 'a Unicode noncharacter'],
  ]
  for (const [text, reason] of refused)
    t.equal(applyFilter('systemd', Buffer.from(text)), reason, JSON.stringify(text))
  t.equal(applyFilter('systemd', Uint8Array.of(0xc3)), 'bytes that are no UTF-8')
  for (const text of [
    '\ufdcf',
    '\ufdf0',
    '\ufffd',
    '\u{1fffd}',
    '\u{10fffd}',
    '\u0fff',
    '\u{bfbf}',
    '\ubfbe',
    '\u{3ffbf}',
  ])
    t.type(applyFilter('systemd', Buffer.from(text)), Uint8Array, `U+${text.codePointAt(0)?.toString(16)}`)
  t.equal(filtered('systemd', Buffer.from('a"b\\c$d`e\n')).toString(), '"a\\"b\\\\c\\$d\\`e\n"')
  t.end()
})

t.test('systemd: noncharacters and nothing else, over all of Unicode', (t) => {
  for (let code = 1; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const isNone = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe
    const refused = typeof applyFilter('systemd', Buffer.from(String.fromCodePoint(code))) === 'string'
    if (refused !== isNone) t.fail(`U+${code.toString(16)}`)
  }
  t.pass('all of them')
  t.end()
})
