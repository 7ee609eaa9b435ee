import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** `length` bytes that look random and are the same in each run: SHA-256 of the seed and a counter. */
export function seededBytes(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, block) =>
    createHash('sha256').update(`${seed} ${block}`).digest(),
  )
  return Buffer.concat(blocks).subarray(0, length)
}

/** A number in [0, 1), the same in each run. */
export function seededFraction(seed: string): number {
  return seededBytes(seed, 4).readUInt32LE() / 2 ** 32
}

/** Write values as plaintext files below `folder`, and give the `secrets` of a configuration that serves them. */
export function plainSecrets(folder: string, values: ReadonlyMap<string, Uint8Array>, rest: object = {}) {
  const secrets = [...values].map(([name, value]) => {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, value)
    return [name, { source: { file }, ...rest }]
  })
  return Object.fromEntries(secrets) as Record<string, object>
}
