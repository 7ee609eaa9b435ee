import { SourceError, UnavailableError } from '../base/errors.ts'
import type { VaultSpec } from '../config/config.ts'
import { VaultClient } from '../kv/client.ts'
import type { Source } from './source.ts'
import { VAULT_PATIENCE } from './waiting.ts'

/**
 * A field of a secret in Vault or OpenBao, read once: sign in, read, sign out. For commands that look whether it opens; what serves asks through a session
 * that lasts (src/daemon/fetch.ts).
 */
export const vaultSource: Source<VaultSpec> = {
  async open(spec, _secretName, context) {
    const config = context.vaults?.find(({ name }) => name === spec.server)
    if (config === undefined) throw new SourceError(`there is no vault \`${spec.server}\``)
    const client = new VaultClient(config, false)
    try {
      return await inTime(readField(client, spec), spec)
    } finally {
      await client.close()
    }
  },
}

async function readField(client: VaultClient, { path, field, version }: VaultSpec): Promise<Uint8Array> {
  const reading = await client.read(path, version)
  try {
    return reading.field(field)
  } finally {
    reading.wipe()
  }
}

/** Each request has its own limit; this one is for all of them. */
async function inTime<Result>(task: Promise<Result>, { server, path }: VaultSpec): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const words = `vault ${server}: ${path}: no value within ${VAULT_PATIENCE / 1000} s`
    timer = setTimeout(() => reject(new UnavailableError(words)), VAULT_PATIENCE)
  })
  try {
    return await Promise.race([task, late])
  } finally {
    clearTimeout(timer)
  }
}
