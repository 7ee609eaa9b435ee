import { SourceError, UnavailableError } from '../base/errors.ts'
import type { VaultSpec } from '../config/config.ts'
import { VaultClient } from '../kv/client.ts'
import type { OpenContext, Source } from './source.ts'
import { VAULT_PATIENCE } from './waiting.ts'

/** Signed-in clients by server. They live as long as the context. */
const shared = new WeakMap<OpenContext, Map<string, VaultClient>>()

/**
 * A field of a secret in Vault or OpenBao, read once: sign in, read, sign out, which is done once for all secrets of a server. For commands that look whether it opens; what serves asks
 * through a session that lasts (src/daemon/fetch.ts).
 */
export const vaultSource: Source<VaultSpec> = {
  async open(spec, _secretName, context) {
    const known = shared.get(context)?.get(spec.server)
    if (known !== undefined) return inTime(readField(known, spec), spec)
    const client = clientOf(spec.server, context)
    if (context.atEnd !== undefined) {
      share(client, spec.server, context)
      context.atEnd(() => client.close())
      return inTime(readField(client, spec), spec)
    }
    try {
      return await inTime(readField(client, spec), spec)
    } finally {
      await client.close()
    }
  },
}

function clientOf(server: string, { vaults }: OpenContext): VaultClient {
  const config = vaults?.find(({ name }) => name === server)
  if (config === undefined) throw new SourceError(`there is no vault \`${server}\``)
  return new VaultClient(config, false)
}

function share(client: VaultClient, server: string, context: OpenContext): void {
  const clients = shared.get(context) ?? new Map<string, VaultClient>()
  shared.set(context, clients.set(server, client))
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
