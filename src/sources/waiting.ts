import type { SourceKind, SourceSpec } from '../config/config.ts'

/** For systemd-creds: a TPM is slow, and systemd may still be starting the service that decrypts. Milliseconds. */
export const CREDENTIAL_TIMEOUT = 30_000
/** What one reading of Vault or OpenBao, with its login and the end of its session, may take. Milliseconds. */
export const VAULT_PATIENCE = 60_000

type Waits = {
  readonly [Kind in SourceKind]: ((spec: Extract<SourceSpec, { kind: Kind }>) => number) | undefined
}

/** Undefined: files and CPU are all that it needs. */
const waits: Waits = {
  sealed: undefined,
  age: undefined,
  sops: undefined,
  credential: () => CREDENTIAL_TIMEOUT,
  exec: ({ timeout }) => timeout * 1000,
  vault: () => VAULT_PATIENCE,
  file: undefined,
  text: undefined,
  template: undefined,
}

/**
 * How long opening a source may wait for something else than files and CPU, in milliseconds; undefined for one that doesn't. Those that wait are
 * opened beside the others, and keep this limit themselves.
 */
export function longestWait(spec: SourceSpec): number | undefined {
  const wait: ((spec: never) => number) | undefined = waits[spec.kind]
  return wait?.(spec as never)
}
