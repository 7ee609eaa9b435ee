import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VaultConfig } from '../../../src/config/config.ts'
import { VaultClient } from '../../../src/kv/client.ts'
import type { Bao } from './server.ts'

/** A server as a configuration has it, with root's token in a file of `folder`. */
export function vaultConfig(bao: Bao, folder: string, rest: Partial<VaultConfig> = {}): VaultConfig {
  const tokenFile = join(folder, 'root-token')
  writeFileSync(tokenFile, bao.token)
  return {
    name: 'main',
    address: bao.address,
    namespace: undefined,
    auth: { kind: 'token', tokenFile },
    caFile: undefined,
    maxStale: 3600,
    timeout: 10,
    ...rest,
  }
}

/** One field, as text. */
export async function read(
  client: VaultClient,
  path: string,
  field: string,
  version?: number,
): Promise<string> {
  const reading = await client.read(path, version)
  try {
    return Buffer.from(reading.field(field)).toString()
  } finally {
    reading.wipe()
  }
}

/** The same in a session of its own. */
export async function readOnce(config: VaultConfig, path: string, field: string): Promise<string> {
  const client = new VaultClient(config, false)
  try {
    return await read(client, path, field)
  } finally {
    await client.close()
  }
}
