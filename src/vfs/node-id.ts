import * as crypto from 'node:crypto'
import { FUSE_ROOT_ID } from '../fuse/wire/kernel.ts'

/** Node ids are numbers below 2^52, so exact in a double, and above the small ones that FUSE reserves. */
export const ID_LIMIT = 2 ** 52
const FIRST_ID = 1 << 16

export type NodeKind = 'directory' | 'secret' | 'virtual' | 'self' | 'units' | 'view'

/** The node id of a path: the same in every server, whatever else is mounted. The root has FUSE's own. */
export function nodeId(kind: NodeKind, path: string): number {
  if (path === '') return FUSE_ROOT_ID
  const digest = sha256(`${kind}\0${path}`)
  const byte = (at: number) => digest.charCodeAt(at)
  // The first six bytes and the lower half of the next.
  const high = (byte(0) << 16) | (byte(1) << 8) | byte(2)
  const low = (byte(3) << 20) | (byte(4) << 12) | (byte(5) << 4) | (byte(6) & 15)
  return FIRST_ID + ((high * 2 ** 28 + low) % (ID_LIMIT - FIRST_ID))
}

/** A character for each byte. Node has `hash`, which makes no object for each, since 20.12. */
const { hash } = crypto as Partial<Pick<typeof crypto, 'hash'>>
const sha256 = (text: string): string =>
  hash === undefined
    ? crypto.createHash('sha256').update(text).digest('binary')
    : hash('sha256', text, 'binary')
