import { HushfsError, isNodeError, UnavailableError } from '../base/errors.ts'

/**
 * May the same source open later, without a change of the configuration? A server that doesn't answer, a file on a filesystem that isn't mounted yet,
 * or `identityAbsent`, when one of the configured identities isn't there and none of the others fits.
 */
export function mayComeLater(error: unknown, identityAbsent: boolean): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof UnavailableError) return true
    if (at instanceof HushfsError && at.noIdentity && identityAbsent) return true
    if (isNodeError(at) && at.code === 'ENOENT') return true
  }
  return false
}
