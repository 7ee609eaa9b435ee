import fc from 'fast-check'
import t from 'tap'
import type { SourceSpec } from '../../src/config/config.ts'
import { decodeJob, encodeJob, jobLength, JOB_HEADER_BYTES } from '../../src/daemon/packed-job.ts'
import type { Job } from '../../src/daemon/unseal-protocol.ts'

// What names and paths of a checked configuration can have: anything but NUL.
const text = fc.string({ unit: 'grapheme', minLength: 1 }).map((value) => value.replaceAll('\0', '\n'))
const kind = fc.constantFrom('sealed' as const, 'age' as const)
const source: fc.Arbitrary<SourceSpec> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind, file: text }),
  },
  fc.record({ kind: fc.constant('text' as const), value: text }),
  fc.record({ kind: fc.constant('file' as const), path: text }),
)
// Of few folders and names, as those of a store; some are named as another secret.
const short = fc.constantFrom('a', 'b', 'a/b', 'b/a')
const inFolder = fc
  .record({
    kind,
    name: short,
    base: short,
    folder: fc.constantFrom('/s/', '/t/'),
    end: fc.constantFrom('', '.age'),
  })
  .map(({ kind, name, base, folder, end }) => ({ name, source: { kind, file: `${folder}${base}${end}` } }))
const job: fc.Arbitrary<Job> = fc.record({
  identities: fc.array(text),
  secrets: fc.array(fc.oneof(inFolder, fc.record({ name: text, source }))),
  oneByOne: fc.boolean(),
  known: fc.array(fc.record({ name: text, failing: text })),
})

t.test('a job is the same behind the pipe', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(job, fc.uint8Array(), (sent, behind) => {
        const bytes = Buffer.from(encodeJob(sent))
        if (jobLength(Buffer.concat([bytes, behind])) !== bytes.length) return false
        const { secrets, ...rest } = decodeJob(bytes)
        const came = Array.from({ length: secrets.length }, (_, index) => ({
          name: secrets.nameOf(index),
          source: secrets.sourceOf(index),
        }))
        const others = [...secrets.others.values()]
        return (
          JSON.stringify({ ...rest, secrets: came }) === JSON.stringify({ ...rest, secrets: sent.secrets }) &&
          JSON.stringify(rest) === JSON.stringify(without(sent)) &&
          others.every(({ kind }) => kind === 'text' || kind === 'file') &&
          others.length === sent.secrets.filter(({ source }) => !('file' in source)).length
        )
      }),
    ),
  )
  t.end()
})

function without({ identities, oneByOne, known }: Job) {
  return { identities, oneByOne, known }
}

t.test('an empty job', (t) => {
  const bytes = Buffer.from(encodeJob({ identities: [], secrets: [], oneByOne: false }))
  t.ok(bytes.length > JOB_HEADER_BYTES)
  t.equal(decodeJob(bytes).secrets.length, 0)
  t.end()
})

t.test('files that are named as their secrets are said once for all', (t) => {
  const names = Array.from({ length: 1000 }, (_, index) => `folder/secret-${index}`)
  const lengthOf = (pathOf: (name: string, index: number) => string) =>
    encodeJob({
      identities: [],
      secrets: names.map((name, index) => ({ name, source: { kind: 'sealed', file: pathOf(name, index) } })),
      oneByOne: false,
    }).length
  const own = names.join('').length
  t.ok(lengthOf((name) => `/var/lib/hushfs/store/${name}.sealed`) < 1.2 * own)
  t.ok(lengthOf((name, index) => `/nix/store/${index}-${name}.age`) > 2 * own, 'but not these')
  t.end()
})
