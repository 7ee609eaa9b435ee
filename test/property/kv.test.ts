import fc from 'fast-check'
import t from 'tap'
import { HushfsError, SourceError, UnavailableError } from '../../src/base/errors.ts'
import { factsIn, leaseOf, lookedUp, mountOf, refusal, versionFacts } from '../../src/kv/answers.ts'
import { readingOf } from '../../src/kv/client.ts'
import { decodeString, findValue } from '../../src/kv/json-bytes.ts'
import { dataPath, metadataPath, mountQuestion, within, type Mount } from '../../src/kv/paths.ts'

/** Text with escapes, surrogate pairs and control characters; no half of a pair, which UTF-8 doesn't have. */
const text = fc.string({ unit: 'binary', maxLength: 30 })
const json = fc.jsonValue({ maxDepth: 4 })
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))
const v1: Mount = { path: 'kv/', version: 1 }
const v2: Mount = { path: 'kv/', version: 2 }

t.test('a string is decoded to the bytes that it stands for, however it is escaped', (t) => {
  const escaped = (value: string) =>
    `"${[...Array(value.length).keys()].map((at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
  fc.assert(
    fc.property(text, (value) => {
      for (const form of [JSON.stringify(value), escaped(value)])
        if (!Buffer.from(value).equals(decodeString(Buffer.from(form)))) return false
      return true
    }),
  )
  t.pass('held')
  t.end()
})

t.test('the value at a key is the one that JSON.parse finds', (t) => {
  const keys = fc.constantFrom('a', 'data', '__proto__', 'ü', '')
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(keys, text), json), keys, fc.nat(2), (map, key, indent) => {
      const document = JSON.stringify({ before: [map], data: map, after: 'x' }, null, indent)
      const found = findValue(Buffer.from(document), ['data', key])
      const wanted = Object.hasOwn(map, key) ? map[key] : undefined
      const same = found === undefined ? undefined : (JSON.parse(Buffer.from(found).toString()) as unknown)
      return JSON.stringify(same) === JSON.stringify(wanted)
    }),
    { numRuns: 500 },
  )
  t.pass('held')
  t.end()
})

t.test('what is taken for JSON is what JSON.parse takes for it', (t) => {
  const marks = fc.string({ unit: fc.constantFrom(...Array.from('{}[]:,"\\u0dD8-+.eE12 \ntrueflsn')) })
  const mutated = fc
    .tuple(json, fc.nat(), fc.constantFrom(...Array.from('{}[]:,"\\ 0e-.')))
    .map(([value, at, mark]) => {
      const document = JSON.stringify(value)
      const place = at % (document.length + 1)
      return document.slice(0, place) + mark + document.slice(place + (at % 2))
    })
  fc.assert(
    fc.property(fc.oneof(marks, mutated), (document) => {
      const parses = survives(SyntaxError, () => void JSON.parse(document))
      return survives(SyntaxError, () => void findValue(Buffer.from(document), [])) === parses
    }),
    { numRuns: 5000 },
  )
  t.pass('held')
  t.end()
})

t.test('nesting has an end', (t) => {
  t.throws(() => findValue(Buffer.from('['.repeat(100_000)), []), SyntaxError)
  t.end()
})

const status = fc.constantFrom(0, 200, 204, 301, 400, 403, 404, 405, 412, 429, 472, 500, 503)
/** What resembles an answer, damaged somewhere, and what doesn't. */
const field = fc.constantFrom(
  ...[
    'auth',
    'data',
    'errors',
    'metadata',
    'versions',
    'current_version',
    'version',
    'created_time',
    'client_token',
  ],
  ...['lease_duration', 'ttl', 'path', 'type', 'options', 'deletion_time', 'destroyed', '1', '__proto__'],
)
const scalar = fc.constantFrom<unknown>(
  '2',
  'kv',
  'kv/',
  1,
  -1,
  0.5,
  1e300,
  '',
  null,
  true,
  '2026-01-01T00:00:00Z',
  's.x',
)
const nearly = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(field, tie('value'), { maxKeys: 5 }),
  ),
})).value
const body = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  nearly.map((value) => bytesOf(value ?? null)),
)

t.test('any answer is understood, or raises an error of its own kind', (t) => {
  fc.assert(
    fc.property(status, body, (status, body) => {
      const answer = { status, body }
      const tasks = [
        () => leaseOf(answer, []),
        () => lookedUp(answer, 'token'),
        () => mountOf(answer),
        () => factsIn(answer, 1),
        () => factsIn(answer, undefined),
        () => versionFacts(body),
        () => void readingOf(Buffer.from(body), v1).field('data'),
        () => void readingOf(Buffer.from(body), v2).field('data'),
      ]
      for (const task of tasks) survives(HushfsError, task)
    }),
    { numRuns: 2000 },
  )
  t.pass('held')
  t.end()
})

t.test('half a surrogate pair, which no server writes, is garbage wherever it is', (t) => {
  for (const data of ['"a": "\\ud800"', '"a": "\\udc00x"', '"\\ud800": 1, "a": "x"']) {
    t.throws(() => readingOf(Buffer.from(`{"data": {${data}}}`), v1).field('a'), UnavailableError)
    const beside = readingOf(Buffer.from(`{"data": {"b": "y", ${data}}}`), v1)
    if (data.startsWith('"a"')) t.equal(Buffer.from(beside.field('b')).toString(), 'y')
  }
  t.end()
})

t.test('only the words of Vault itself take a value away', (t) => {
  fc.assert(
    fc.property(status, body, fc.array(fc.string()), (status, body, errors) => {
      const meant = status >= 400 && status <= 405
      const inWords = refusal({ status, body: bytesOf({ errors }) })
      if (inWords instanceof SourceError !== meant) return false
      const other = refusal({ status, body })
      return other instanceof SourceError || other instanceof UnavailableError
    }),
  )
  t.ok(refusal({ status: 404, body: Buffer.from('<html>no such page</html>') }) instanceof UnavailableError)
  t.ok(refusal({ status: 403, body: Buffer.alloc(0) }) instanceof UnavailableError)
  t.end()
})

t.test('no credential that was sent is repeated in a message', (t) => {
  fc.assert(
    fc.property(text, text, fc.uuid(), (before, after, secret) => {
      const answer = { status: 400, body: bytesOf({ errors: [before + secret + after] }) }
      return !refusal(answer, [secret]).message.includes(secret)
    }),
  )
  t.pass('held')
  t.end()
})

t.test('a path stays one path below its mount in the URL', (t) => {
  const part = text.filter((part) => !/^\.{0,2}$|[/\0-\x1f\x7f]/.test(part))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom(v1, v2), (parts, mount) => {
      const path = `kv/${parts.join('/')}`
      const base = 'https://vault.example/v1/'
      const url = (encoded: string) => new URL(base + encoded).pathname
      const decoded = (encoded: string) => decodeURIComponent(url(encoded).slice('/v1/'.length))
      const rest = parts.join('/')
      return (
        within(mount, path) === rest &&
        decoded(dataPath(mount, path, 7)) === (mount.version === 1 ? path : `kv/data/${rest}`) &&
        decoded(metadataPath(v2, path)) === `kv/metadata/${rest}` &&
        decoded(mountQuestion(path)) === `sys/internal/ui/mounts/${path}`
      )
    }),
  )
  t.pass('held')
  t.end()
})

/** True when `task` throws nothing; whatever isn't a `kind` is thrown on. */
function survives(kind: new (...args: never[]) => Error, task: () => unknown): boolean {
  try {
    task()
    return true
  } catch (error) {
    if (!(error instanceof kind)) throw error
    return false
  }
}
