import { xsalsa20poly1305, hsalsa } from '@noble/ciphers/salsa.js'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { bech32 } from '@scure/base'

/**
 * A second reader, written from native-notes/sealed-format.md alone on pure JavaScript primitives (noble): it shares no code with
 * src/sealed and none with libsodium.
 */
export function openIndependently(file: Uint8Array, secretKey: Uint8Array): { name: string; plaintext: Uint8Array } {
  const text = Buffer.from(file).toString('latin1')
  const payloadAt = text.indexOf('\npayload:\n') + '\npayload:\n'.length
  const publicKey = x25519.getPublicKey(secretKey)
  const recipient = bech32.encodeFromBytes('hushfs', publicKey)
  const box = bytesAfter(text, `\nrecipient: ${recipient} `)
  const nonce = bytesAfter(text, '\nnonce: ')
  const dataKey = openSealedBox(box, publicKey, secretKey)
  const payload = Buffer.from(text.slice(payloadAt), 'base64')
  const plaintext = xchacha20poly1305(dataKey, nonce, file.subarray(0, payloadAt)).decrypt(payload)
  return { name: /\nname: (.*)\n/.exec(text)?.[1] ?? '', plaintext }
}

/** libsodium's crypto_box_seal: ephemeral public key, then crypto_box under the nonce BLAKE2b-192(ephemeral, recipient). */
function openSealedBox(box: Uint8Array, publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const ephemeral = box.subarray(0, 32)
  const nonce = blake2b(Buffer.concat([ephemeral, publicKey]), { dkLen: 24 })
  const shared = x25519.getSharedSecret(secretKey, ephemeral)
  return xsalsa20poly1305(hsalsa20(shared), nonce).decrypt(box.subarray(32))
}

/** crypto_box_beforenm: HSalsa20 of the shared point and 16 zero bytes. */
function hsalsa20(shared: Uint8Array): Uint8Array {
  const sigma = words(Buffer.from('expand 32-byte k'))
  const out = new Uint32Array(8)
  hsalsa(sigma, words(shared), new Uint32Array(4), out)
  return new Uint8Array(out.buffer)
}

function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer)
}

function bytesAfter(text: string, mark: string): Uint8Array {
  const at = text.indexOf(mark)
  if (at < 0) throw new Error(`no ${JSON.stringify(mark)}`)
  return Buffer.from(text.slice(at + mark.length).split('\n', 1).join(), 'base64')
}
