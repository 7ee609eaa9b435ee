import { once } from 'node:events'
import type { Duplex } from 'node:stream'

const LENGTH_BYTES = 4

/** Send a value: its length (32 bits, big-endian), then its bytes. Resolves when the other end can have it. */
export async function sendValue(channel: Duplex, value: Uint8Array): Promise<void> {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(value.length)
  channel.write(length)
  await new Promise<void>((resolve) => channel.write(value, () => resolve()))
}

/** The next value, which the caller wipes; undefined when the other end closes before it is whole. */
export async function receiveValue(channel: Duplex): Promise<Uint8Array | undefined> {
  const header = await receive(channel, LENGTH_BYTES)
  return header && receive(channel, Buffer.from(header).readUInt32BE())
}

async function receive(channel: Duplex, length: number): Promise<Uint8Array | undefined> {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const piece = channel.read(Math.min(length - at, channel.readableLength)) as Buffer | null
    if (piece === null) {
      if (channel.readableEnded || channel.destroyed) return undefined
      await Promise.race([once(channel, 'readable'), once(channel, 'end'), once(channel, 'close')])
      continue
    }
    at += piece.copy(bytes, at)
    piece.fill(0)
  }
  return bytes
}
