import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ProtocolError } from '../../src/base/errors.ts'
import { decodeBody, decodeHeader } from '../../src/fuse/wire/decode.ts'
import { refused, served } from '../../src/fuse/wire/ops.ts'
import { rawRequest, requestBytes } from '../support/fuse-requests.ts'
import { parseGolden } from '../support/golden.ts'

function decode(bytes: Uint8Array) {
  const buffer = new Uint8Array(bytes.length + 64)
  buffer.set(bytes)
  const view = new DataView(buffer.buffer)
  return decodeBody(buffer, view, decodeHeader(view, bytes.length))
}

/** The same request, saying another length. */
function saying(bytes: Uint8Array, length: number): Uint8Array {
  const copy = bytes.slice()
  new DataView(copy.buffer).setUint32(0, length, true)
  return copy
}

const read = rawRequest(served.read.code, new Uint8Array(40))
const lookup = (name: string) => rawRequest(served.lookup.code, Buffer.from(name, 'latin1'))

const rows: [string, Uint8Array, RegExp][] = [
  ['nothing', new Uint8Array(), /0 bytes has no header/],
  ['a header without its last byte', read.subarray(0, 39), /39 bytes has no header/],
  ['a request that says that it is longer', saying(read, read.length + 1), /says 81 bytes and has 80/],
  ['one that says that it is shorter', saying(read, read.length - 1), /says 79 bytes and has 80/],
  ['a struct without its last byte', rawRequest(15, new Uint8Array(39)), /read: 79 bytes are too few/],
  ['a struct with a byte behind it', rawRequest(15, new Uint8Array(41)), /read: 1 bytes too many/],
  [
    'a body where none belongs',
    rawRequest(served.statfs.code, new Uint8Array(1)),
    /statfs: 1 bytes too many/,
  ],
  ['a lookup without a name', lookup(''), /lookup: the name isn't/],
  ['an empty name', lookup('\0'), /the name isn't/],
  ['a name without NUL', lookup('ab'), /the name isn't/],
  ['a NUL within the name', lookup('a\0b\0'), /the name isn't/],
  ['two NULs', lookup('a\0\0'), /the name isn't/],
  ['a slash in the name', lookup('a/b\0'), /a name with a slash/],
  ['a batch of fewer than it says', rawRequest(42, batch(3, 2)), /batch_forget: 32 bytes too many/],
  ['a batch of more than it says', rawRequest(42, batch(2, 3)), /batch_forget: 48 bytes too many/],
  ['a batch of 2^32 - 1', rawRequest(42, batch(0xffffffff, 1)), /batch_forget/],
  ['half an INIT', rawRequest(26, new Uint8Array(15)), /init: 55 bytes are too few/],
  [
    'extensions longer than the request',
    rawRequest(15, new Uint8Array(40), { total_extlen: 6 }),
    /extensions/,
  ],
  [
    'extensions in the place of the struct',
    rawRequest(15, new Uint8Array(40), { total_extlen: 1 }),
    /too few/,
  ],
]

function batch(says: number, has: number): Uint8Array {
  const bytes = new Uint8Array(8 + has * 16)
  new DataView(bytes.buffer).setUint32(0, says, true)
  return bytes
}

for (const [what, bytes, message] of rows) {
  t.test(`refused: ${what}`, (t) => {
    t.throws(() => decode(bytes), { code: 'ERR_PROTOCOL', message })
    t.end()
  })
}

t.test('extensions behind the request are no part of it', (t) => {
  const name = rawRequest(served.lookup.code, Buffer.from('name\0extended'), { total_extlen: 1 })
  t.match(decode(name), { name: 'name' })
  t.match(decode(rawRequest(15, new Uint8Array(48), { total_extlen: 1 })), { row: { name: 'read' } })
  t.end()
})

t.test('a name of any other bytes is those bytes', (t) => {
  const name = Array.from({ length: 255 }, (_, index) => index + 1).filter((code) => code !== 0x2f)
  t.match(decode(requestBytes('lookup', undefined, { name: String.fromCharCode(...name) })), {
    name: String.fromCharCode(...name),
  })
  t.end()
})

t.test('a request cut at any length is refused, whether it says so or not', (t) => {
  const folder = join(import.meta.dirname, '../wire/golden')
  const taken: string[] = []
  let count = 0
  const refuse = (bytes: Uint8Array, what: string) => {
    count++
    try {
      decode(bytes)
      taken.push(what)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
    }
  }
  for (const file of readdirSync(folder)) {
    const { bytes } = parseGolden(readFileSync(join(folder, file), 'utf8'))
    const kind = file.replace('.hex', '')
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length)
      refuse(cut, `${kind} of ${length} bytes`)
      // Of what isn't served the header alone is read; INIT has a shorter form.
      if (kind in refused || kind === 'init') continue
      if (length >= 4) refuse(saying(cut, length), `${kind} that says ${length} bytes`)
    }
  }
  t.same(taken, [])
  t.ok(count > 3_000, `${count} cuts`)
  t.end()
})
