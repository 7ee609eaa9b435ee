import type { VaultAuth, VaultConfig } from '../config/config.ts'

/** Every file that a vault's client reads: of the keys of a configuration those that end in `File`. */
export function filesOfVault({ auth, caFile }: VaultConfig): string[] {
  const files = Object.entries(auth).flatMap(([key, value]) => (isFile(key) ? [String(value)] : []))
  return caFile === undefined ? files : [...files, caFile]
}

/** The same vault with its files elsewhere. */
export function withVaultFiles(vault: VaultConfig, place: (file: string) => string): VaultConfig {
  const auth = Object.fromEntries(
    Object.entries(vault.auth).map(([key, value]) => [key, isFile(key) ? place(String(value)) : value]),
  ) as unknown as VaultAuth
  return { ...vault, auth, caFile: vault.caFile === undefined ? undefined : place(vault.caFile) }
}

function isFile(key: string): boolean {
  return key.endsWith('File')
}
