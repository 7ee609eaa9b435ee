import type { Log } from '../base/log.ts'
import type { VaultConfig } from '../config/config.ts'
import type { Identity } from '../identity/identity.ts'

/** What a source needs from the world besides its own specification. */
export interface OpenContext {
  /** The private keys of this load, in the order of the configuration. */
  readonly identities: readonly Identity[]
  /** Identity files that could not be read, one reason each: told where no other identity fits. */
  readonly identityProblems: readonly string[]
  /** The servers that sources of kind `vault` name. */
  readonly vaults?: readonly VaultConfig[]
  /** Takes what is to be done when the load is over. Undefined: nothing outlives the opening of one secret. */
  readonly atEnd?: (task: () => Promise<void>) => void
  /** Where a message goes that isn't the reason of a failure, such as what a command writes to standard error. Undefined: nowhere. */
  readonly log?: Log
  /** The plaintext of another secret, which the caller wipes; rejects with the reason why there is none. For templates. */
  readonly input?: (name: string) => Promise<Uint8Array>
}

/**
 * One kind of source. Runs only in the `unseal` child and in commands that a person started, never in the server.
 *
 * `open` returns the plaintext, at most MAX_SECRET_BYTES; the caller wipes it. It throws `SourceError` (or
 * `SealedError`) with a reason that names the file and never holds a byte of the value, `UnavailableError` when the source can't be asked now.
 */
export interface Source<Spec> {
  open(spec: Spec, secretName: string, context: OpenContext): Promise<Uint8Array>
}

/** Product contract: a secret is at most 1 MiB. */
export const MAX_SECRET_BYTES = 1 << 20
