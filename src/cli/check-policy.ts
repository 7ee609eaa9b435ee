import { reasonOf } from '../base/errors.ts'
import { oneLine } from '../base/log.ts'
import type { Config, VaultConfig } from '../config/load.ts'
import { VaultClient } from '../kv/client.ts'
import { policyText, type NeededPath } from '../kv/policy.ts'
import type { Output } from './output.ts'

/** `check --policy`: for each vault the smallest policy that the configuration needs. `offline`: without asking the servers for their mounts. */
export async function printPolicies(config: Config, output: Output, offline: boolean): Promise<void> {
  const policies = await Promise.all(config.vaults.map((vault) => policyOf(config, vault, offline)))
  if (output.json) {
    const vaults = policies.map(({ vault: { name, address, namespace }, policy }) => {
      return { name, address, namespace: namespace ?? null, policy }
    })
    output.document({ config: config.file, vaults })
    return
  }
  for (const { vault, policy } of policies) {
    const { name, address, namespace } = vault
    const place = namespace === undefined ? address : `${address}, namespace ${namespace}`
    output.line(`# For vault ${name} (${place}).\n${policy}`)
  }
  if (policies.length === 0) output.note('the configuration has no vaults')
  if (policies.some(({ unknown }) => unknown))
    output.warning('the mounts of some paths are not known: choose between the forms in the comments')
}

async function policyOf(config: Config, vault: VaultConfig, offline: boolean) {
  const paths = config.secrets.flatMap(({ source }) =>
    source.kind === 'vault' && source.server === vault.name ? [source.path] : [],
  )
  const needed = await mountsOf([...new Set(paths)].sort(), vault, offline)
  return { vault, policy: policyText(needed), unknown: needed.some(({ mount }) => 'unknown' in mount) }
}

async function mountsOf(
  paths: readonly string[],
  vault: VaultConfig,
  offline: boolean,
): Promise<NeededPath[]> {
  if (offline) return paths.map((path) => ({ path, mount: { unknown: 'the server was not asked' } }))
  const client = new VaultClient(vault, false)
  try {
    return await Promise.all(
      paths.map(async (path): Promise<NeededPath> => {
        try {
          return { path, mount: await client.mount(path) }
        } catch (error) {
          return { path, mount: { unknown: oneLine(reasonOf(error)) } }
        }
      }),
    )
  } finally {
    await client.close()
  }
}
