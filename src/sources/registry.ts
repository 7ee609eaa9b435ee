import type { SourceKind, SourceSpec } from '../config/config.ts'
import type { OpenContext, Source } from './source.ts'

type Registry = {
  readonly [Kind in SourceKind]: () => Promise<Source<Extract<SourceSpec, { kind: Kind }>>>
}

/** Where the code of each kind is. It is loaded with the first secret of that kind: age's library takes longer than a small store. */
const registry: Registry = {
  sealed: async () => (await import('./sealed.ts')).sealedSource,
  age: async () => (await import('./age.ts')).ageSource,
  sops: async () => (await import('./sops.ts')).sopsSource,
  credential: async () => (await import('./credential.ts')).credentialSource,
  exec: async () => (await import('./exec.ts')).execSource,
  vault: async () => (await import('./vault.ts')).vaultSource,
  file: async () => (await import('./file.ts')).fileSource,
  text: async () => (await import('./text.ts')).textSource,
  template: async () => (await import('./template.ts')).templateSource,
}

/** The plaintext of a secret, which the caller wipes. Throws `SourceError`, `SealedError` or `UnavailableError`. */
export async function openSource(
  spec: SourceSpec,
  secretName: string,
  context: OpenContext,
): Promise<Uint8Array> {
  const load: () => Promise<Source<never>> = registry[spec.kind]
  const source = await load()
  return source.open(spec as never, secretName, context)
}
