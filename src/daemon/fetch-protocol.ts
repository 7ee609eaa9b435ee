import type { VaultConfig, VaultSpec } from '../config/config.ts'

/**
 * What the server tells its `fetch` child: the job as one line of JSON on standard input, which stays open: its end is the end of the child. The keys come on
 * descriptor KEYS_FD, and results go back on standard output, as unseal-protocol.ts has them, without an end: a result whenever something changed.
 */
export interface FetchJob {
  readonly vaults: readonly VaultConfig[]
  readonly secrets: readonly WantedSecret[]
}

export interface WantedSecret {
  /** Comes back with each result. */
  readonly index: number
  readonly source: VaultSpec
}
