import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { ConfigError } from '../../../src/base/errors.ts'
import type { TemplatePart } from '../../../src/config/config.ts'
import { configOf, loadConfig } from '../../../src/config/load.ts'
import { parseTemplate, templateFilters } from '../../../src/config/template-parse.ts'

const known = new Map([
  ['a', 0],
  ['db/password', 0],
])
const written = (parts: readonly TemplatePart[]) =>
  parts
    .map((part) => {
      if ('literal' in part) return part.literal
      return `\${hushfs:${part.secret}${part.filter === undefined ? '' : `|${part.filter}`}}`
    })
    .join('')

t.test('placeholders, with and without a filter, and what only looks like one', (t) => {
  t.strictSame(
    parseTemplate('x=${hushfs:a}${hushfs:db/password|json} $a ${x} ${HUSHFS:a} $${hushfs:a|shell}\n', known),
    {
      parts: [
        { literal: 'x=' },
        { secret: 'a', filter: undefined },
        { secret: 'db/password', filter: 'json' },
        { literal: ' $a ${x} ${HUSHFS:a} $' },
        { secret: 'a', filter: 'shell' },
        { literal: '\n' },
      ],
      problems: [],
    },
  )
  t.strictSame(parseTemplate('', known), { parts: [], problems: [] })
  t.end()
})

const problems: [string, RegExp][] = [
  ['${hushfs:b}', /^there is no secret `b`; did you mean `a`\?$/],
  ['${hushfs:db\\password}', /^there is no secret `db\\password`; did you mean `db\/password`\?$/],
  ['${hushfs:}', /^there is no secret ``/],
  ['${hushfs: a}', /^there is no secret ` a`/],
  ['${hushfs:a|}', /^there is no filter ``; expected one of json, shell, base64, urlencode, systemd$/],
  ['${hushfs:a|Json}', /^there is no filter `Json`; .*did you mean `json`\?$/],
  ['${hushfs:a|json|base64}', /^there is no filter `json\|base64`/],
  ['${hushfs:a', /^this placeholder has no `}`$/],
  ['${hushfs:a\n}', /^this placeholder has no `}`$/],
  ['${hushfs:\x1b[31m}', /^there is no secret `\?\[31m`/],
]
for (const [text, message] of problems) {
  t.test(`a problem: ${JSON.stringify(text)}`, (t) => {
    const parsed = parseTemplate(`ok ${text}`, known)
    t.equal(parsed.problems.length, 1)
    t.match(parsed.problems[0]?.message, message)
    t.equal(parsed.problems[0]?.offset, 3)
    t.end()
  })
}

t.test('any text: nothing is lost, and nothing is thrown', (t) => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary-ascii' }),
    fc.constantFrom('${hushfs:', '}', '|', 'a', 'db/password', '$', '{', '\n', ...templateFilters),
    fc.constantFrom('${hushfs:a}', '${hushfs:a|json}', '${hushfs:db/password|systemd}'),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('')
      const parsed = parseTemplate(text, known)
      const isOrdered = parsed.problems.every(({ offset }) => text.startsWith('${hushfs:', offset))
      return isOrdered && (parsed.problems.length > 0 || written(parsed.parts) === text)
    }),
    { numRuns: 5000 },
  )
  t.pass('held')
  t.end()
})

t.test('what is written is what is parsed', (t) => {
  const literal = fc
    .string({ minLength: 1 })
    .filter((text) => !text.includes('$'))
    .map((literal): TemplatePart => ({ literal }))
  const placeholder = fc.record({
    secret: fc.constantFrom(...known.keys()),
    filter: fc.constantFrom(undefined, ...templateFilters),
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(literal, placeholder)), (pairs) => {
      const parts: TemplatePart[] = pairs.flat()
      const parsed = parseTemplate(written(parts), known)
      return parsed.problems.length === 0 && JSON.stringify(parsed.parts) === JSON.stringify(parts)
    }),
  )
  t.pass('held')
  t.end()
})

function message(t: Test, yaml: string, files: Record<string, string | Uint8Array> = {}): string {
  const folder = t.testdir({})
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'hushfs.yaml')
  writeFileSync(file, yaml)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  try {
    loadConfig(file)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(folder, '')
    throw error
  }
  return ''
}

t.test('a template is a secret like others, with defaults', (t) => {
  const config = configOf(
    '/etc/hushfs/hushfs.yaml',
    `secrets: {a: {source: {text: x}}}
templates:
  app.env: {content: "A=\${hushfs:a|systemd}\\né", owner: app, mode: "0440", reloadUnits: [app.service]}
`,
  )
  t.strictSame(config.secrets.at(-1), {
    name: 'app.env',
    source: {
      kind: 'template',
      parts: [{ literal: 'A=' }, { secret: 'a', filter: 'systemd' }, { literal: '\nÃ©' }],
    },
    terms: {
      owner: 'app',
      group: 'root',
      mode: 0o440,
      units: undefined,
      userUnits: undefined,
      manager: true,
      reads: { kind: 'always' },
      restartUnits: [],
      reloadUnits: ['app.service'],
    },
  })
  t.end()
})

t.test('errors name file, line, column and key; of a template in a file, the place in it too', (t) => {
  const head = 'secrets:\n  a: {source: {text: x}}\ntemplates:\n'
  t.equal(
    message(t, `${head}  t:\n    content: "\${hushfs:b}"\n`),
    '/hushfs.yaml:5:5: templates.t.content: there is no secret `b`; did you mean `a`?',
  )
  t.equal(
    message(t, `${head}  t: {file: t.tmpl}\n`, { 't.tmpl': 'é=1\né=${hushfs:a|jsno}\n' }),
    '/hushfs.yaml:4:7: templates.t.file: /t.tmpl:2:3: there is no filter `jsno`; expected one of json, shell, base64, urlencode, systemd; did you mean `json`?',
  )
  t.equal(
    message(t, `${head}  t: {file: t.tmpl}\n`),
    '/hushfs.yaml:4:7: templates.t.file: /t.tmpl: no such file',
  )
  t.match(
    message(t, `${head}  t: {file: t.tmpl}\n`, { 't.tmpl': new Uint8Array((1 << 20) + 1) }),
    /t\.tmpl: larger than 1048576 bytes/,
  )
  t.match(message(t, `${head}  t: {}\n`), /templates\.t: expected exactly one of content, file/)
  t.match(
    message(t, `${head}  t: {content: x, file: y}\n`),
    /templates\.t: expected exactly one of content, file/,
  )
  t.match(
    message(t, `${head}  t: {contents: x}\n`),
    /templates\.t\.contents: unknown key `contents`; did you mean `content`\?/,
  )
  t.match(
    message(t, `${head}  t: {content: x, source: {text: x}}\n`),
    /templates\.t\.source: unknown key `source`/,
  )
  t.match(
    message(t, `${head}  a: {content: x}\n`),
    /templates\.a: a secret has the same name; rename one of them/,
  )
  t.match(
    message(t, `${head}  a/b: {content: x}\n`),
    /templates\."a\/b": `a` is a secret too, so it can't be the folder/,
  )
  t.match(
    message(t, `${head}  .t: {content: x}\n`),
    /templates\."\.t": the name of a template has a part that starts with a dot/,
  )
  t.match(message(t, `${head}  t: {content: x}\n  u: {content: "\${hushfs:t}"}\n`), /there is no secret `t`/)
  t.match(message(t, 'templates: []\n'), /templates: expected a map of templates, got a list/)
  t.equal(message(t, 'templates:\n  # none yet\n'), '')
  t.end()
})

t.test('a template that is no text: bytes stay', (t) => {
  const folder = t.testdir({})
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  writeFileSync(join(folder, 'bytes'), bytes)
  const file = join(folder, 'hushfs.yaml')
  writeFileSync(file, 'templates: {t: {file: bytes}}')
  t.strictSame(loadConfig(file).secrets[0]?.source, {
    kind: 'template',
    parts: [{ literal: Buffer.from(bytes).toString('latin1') }],
  })
  t.end()
})

t.test('a unit rule that is wider than that of a secret in it', (t) => {
  const secrets = `secrets:
  a: {source: {text: x}, units: [app.service, "job@*.service"], manager: false, reads: once}
templates:
`
  const template = (rest: string) => `${secrets}  t: {content: "\${hushfs:a}", ${rest}}\n`
  t.equal(message(t, template('units: [app.service], manager: false, reads: once')), '')
  t.equal(message(t, template('units: ["job@1.service"], manager: false, reads: once')), '')
  t.match(
    message(t, template('units: [app.service, other.service], manager: false, reads: once')),
    /^\/hushfs\.yaml:4:31: templates\.t\.units: its unit rule is wider than that of the secret `a` in it: `other\.service` is not covered by one of its `units`$/,
  )
  t.match(message(t, template('manager: false')), /units: .*: it has a unit rule, and this has none/)
  t.match(
    message(t, template('units: [app.service], reads: once')),
    /manager: .*: it has `manager: false`, and this lets PID 1 read/,
  )
  t.match(message(t, template('units: [app.service], manager: false')), /reads: .*: it has `reads: once`/)
  t.end()
})
