import t from 'tap'
import { SealedError } from '../../src/base/errors.ts'
import { parseSealed } from '../../src/sealed/format.ts'
import { openSealed, sealSecret } from '../../src/sealed/seal.ts'
import { keyPair } from '../support/keys.ts'

const { identity, recipient } = await keyPair(1)
const { identity: second, recipient: secondRecipient } = await keyPair(2)
const plaintext = Buffer.from('correct horse battery staple')
const good = await sealSecret('db/password', plaintext, [recipient, secondRecipient])

/** The reason of the refusal, 'opened', or any other thing that was thrown. */
async function outcome(bytes: Uint8Array, name = 'db/password', keys = [identity]): Promise<unknown> {
  try {
    await openSealed(bytes, name, keys)
    return 'opened'
  } catch (error) {
    return error
  }
}

function changed(at: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(good)
  copy[at] = byte
  return copy
}

t.test('each bit of each byte flipped', async (t) => {
  t.equal(await outcome(good), 'opened', 'control: the file as it is opens')
  const accepted: string[] = []
  for (let at = 0; at < good.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const result = await outcome(changed(at, (good[at] ?? 0) ^ (1 << bit)))
      if (!(result instanceof SealedError)) accepted.push(`byte ${at} bit ${bit}: ${String(result)}`)
    }
  }
  t.same(accepted, [])
})

t.test('cut at each length, and with bytes appended', async (t) => {
  const accepted: unknown[] = []
  for (let length = 0; length < good.length; length++) {
    const result = await outcome(good.subarray(0, length))
    if (!(result instanceof SealedError)) accepted.push([length, result])
  }
  for (const tail of ['\n', ' ', '\0', 'A', '=', 'AAAA\n', Buffer.from(good).toString()]) {
    const result = await outcome(Buffer.concat([good, Buffer.from(tail)]))
    if (!(result instanceof SealedError)) accepted.push([tail, result])
  }
  t.same(accepted, [])
})

t.test('a byte removed or doubled at each position', async (t) => {
  const accepted: unknown[] = []
  for (let at = 0; at < good.length; at++) {
    const without = Buffer.concat([good.subarray(0, at), good.subarray(at + 1)])
    const doubled = Buffer.concat([good.subarray(0, at + 1), good.subarray(at)])
    for (const bytes of [without, doubled]) {
      const result = await outcome(bytes)
      if (!(result instanceof SealedError)) accepted.push([at, result])
    }
  }
  t.same(accepted, [])
})

t.test('swapped and renamed', async (t) => {
  await t.rejects(openSealed(good, 'web/password', [identity]), {
    code: 'ERR_SEALED',
    message: 'belongs to secret db/password, not web/password: was it renamed or swapped?',
  })
  const renamed = Buffer.from(Buffer.from(good).toString().replace('name: db/password', 'name: web/password'))
  await t.rejects(openSealed(renamed, 'web/password', [identity]), { message: /doesn't authenticate/ })
})

t.test('a part of another file for the same secret', async (t) => {
  const other = Buffer.from(
    await sealSecret('db/password', plaintext, [recipient, secondRecipient]),
  ).toString()
  const text = Buffer.from(good).toString()
  for (const part of [
    /nonce: .*\n/,
    /payload:\n[^]*$/,
    /recipient: .*\n/,
    /recipient: .*\nrecipient: .*\n/,
  ]) {
    const taken = part.exec(other)?.[0]
    if (taken === undefined) throw new Error(`the file has ${String(part)}`)
    t.match(
      await outcome(Buffer.from(text.replace(part, taken))),
      { message: /doesn't authenticate/ },
      String(part),
    )
  }
})

t.test('a recipient line removed, added or moved', async (t) => {
  const lines = Buffer.from(good).toString().split('\n')
  const [magic = '', name = '', first = '', last = '', ...rest] = lines
  const join = (...recipients: string[]) => Buffer.from([magic, name, ...recipients, ...rest].join('\n'))
  t.equal(await outcome(join(first, last)), 'opened', 'control')
  t.match(await outcome(join(last, first)), { message: /not sorted/ })
  t.match(await outcome(join(first, first, last)), { message: /not sorted/ })
  t.match(await outcome(join()), { message: /0 recipients/ })
  t.match(await outcome(join(...Array<string>(257).fill(first))), { message: /257 recipients/ })
  const firstKeys = first.includes(recipient.text) ? [identity] : [second]
  t.match(await outcome(join(first), 'db/password', firstKeys), { message: /doesn't authenticate/ })
})

t.test('other spellings of the same fields', async (t) => {
  const text = Buffer.from(good).toString()
  const spellings: readonly (readonly [string, string, RegExp])[] = [
    ['a newer version', text.replace('sealed/1', 'sealed/2'), /version 2; this hushfs reads version 1/],
    ['version 01', text.replace('sealed/1', 'sealed/01'), /is not a sealed file/],
    ['DOS line ends', text.replaceAll('\n', '\r\n'), /line endings changed/],
    ['a byte order mark', `\ufeff${text}`, /is not a sealed file/],
    ['two blanks', text.replace('nonce: ', 'nonce:  '), /canonical/],
    ['no blank', text.replace('nonce: ', 'nonce:'), /"nonce: ..." is missing/],
    ['base64url', text.replace(/^(nonce: ).*/m, `$1${'_'.repeat(32)}`), /canonical/],
    ['a long name', text.replace('db/password', 'n'.repeat(256)), /not the name of a secret/],
    ['a climbing name', text.replace('db/password', '../password'), /not the name of a secret/],
    ['an upper-case recipient', text.replace('hushfs1', 'HUSHFS1'), /a recipient is malformed/],
    ['a third word', text.replace(/^(recipient: .*)/m, '$1 x'), /canonical/],
    [
      'a short box',
      text.replace(/^(recipient: hushfs1\S* ).*/m, '$1AAAA'),
      /data key of a recipient is malformed/,
    ],
    ['a short payload', text.replace(/(payload:\n)[^]*/, '$1AAAA\n'), /payload is cut short/],
    ['one column less', text.replace(/(payload:\n.{59})/, '$1\n'), /canonical/],
    ['no payload', text.replace(/payload:[^]*/, ''), /payload is missing/],
  ]
  for (const [what, changed, reason] of spellings) {
    const result = await outcome(Buffer.from(changed))
    t.ok(result instanceof SealedError, what)
    t.match(result, { message: reason }, what)
  }
})

t.test('sizes beyond the limits are refused before anything is decoded', (t) => {
  t.throws(() => parseSealed(Buffer.alloc(1_500_001, 'A')), { code: 'ERR_SEALED', message: /is larger than/ })
  const text = Buffer.from(good).toString()
  const big = text.replace(/(payload:\n)[^]*/, `$1${Buffer.alloc((1 << 20) + 17).toString('base64')}\n`)
  t.throws(() => parseSealed(Buffer.from(big)), { code: 'ERR_SEALED', message: /larger than 1 MiB/ })
  t.end()
})
