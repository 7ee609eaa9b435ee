import fc from 'fast-check'
import t from 'tap'
import { SourceError } from '../../src/base/errors.ts'
import { parseEnvironment } from '../../src/cli/environment-file.ts'
import { applyFilter } from '../../src/sources/template-filters.ts'

const mark = fc.constantFrom(...Array.from(`AB=='"\\$\`\n\r\t #;_1é`))

t.test('what the filter `systemd` writes is read back, byte for byte', (t) => {
  const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: mark }))
  let carried = 0
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
      const pieces = values.map((value) => applyFilter('systemd', Buffer.from(value)))
      if (pieces.some((piece) => typeof piece === 'string')) return true
      carried += 1
      const lines = pieces.map((piece, index) =>
        Buffer.concat([Buffer.from(`V${index}=`), piece as Uint8Array, Buffer.from('\n')]),
      )
      const found = parseEnvironment(Buffer.concat(lines), 'FILE')
      return values.every((value, index) => found.get(`V${index}`) === value)
    }),
    { numRuns: 1000 },
  )
  t.ok(carried > 500, `${carried} files`)
  t.end()
})

t.test('anything else is read, or is an error of its own kind', (t) => {
  let [read, refused] = [0, 0]
  const file = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: mark, maxLength: 60 }).map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(file, (bytes) => {
      try {
        for (const name of parseEnvironment(bytes, 'FILE').keys())
          if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return false
        read += 1
      } catch (error) {
        if (!(error instanceof SourceError)) throw error
        refused += 1
      }
      return true
    }),
    { numRuns: 3000 },
  )
  t.ok(read > 30 && refused > 500, `${read} read, ${refused} refused`)
  t.end()
})
