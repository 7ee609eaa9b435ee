import { SourceError } from '../../../src/base/errors.ts'
import type { SopsFormat } from '../../../src/config/config.ts'
import { openDataKey } from '../../../src/sources/sops/data-key.ts'
import { decryptDocuments } from '../../../src/sources/sops/decrypt.ts'
import { pathsOf, valueOf } from '../../../src/sources/sops/document.ts'
import { formats } from '../../../src/sources/sops/formats.ts'
import { parseMetadata, type Metadata } from '../../../src/sources/sops/metadata.ts'
import { fixtureIdentities } from '../identities.ts'
import { isStackOverflow, type Target } from '../target.ts'

/**
 * A format from its bytes to what is served, below `decryptSops`, which has every error become a SourceError. What doesn't authenticate is
 * written like what does: the writers have to take any tree.
 */
export function sopsTarget(format: SopsFormat): Target {
  return {
    run: async (input) => {
      const paths = await pathsOf(input, format).catch(noPaths)
      const documents = await formats[format].parse(input)
      for (const key of [
        undefined,
        ...paths.slice(0, MOST_PATHS).flatMap(([first = '', ...rest]) => [first, [first, ...rest].join('/')]),
      ])
        attempt(() => valueOf({ format, documents }, key))
      const found = formats[format].takeMetadata(documents)
      if (found === undefined) return
      const metadata = await parseMetadata(found)
      const key = await keyOf(metadata)
      attempt(() => decryptDocuments(documents, metadata, key))
      valueOf({ format, documents }, undefined)
    },
    expects: isExpected,
  }
}

const MOST_PATHS = 4
const isExpected = (error: unknown) => error instanceof SourceError || isStackOverflow(error)

function noPaths(error: unknown): [] {
  if (isExpected(error)) return []
  throw error
}

function attempt(task: () => unknown): void {
  try {
    task()
  } catch (error) {
    if (!isExpected(error)) throw error
  }
}

const keys = new Map<string, Uint8Array>()
/** Opening an age file takes most of the time of a run. */
const MOST_KEYS = 16
const NO_KEY = new Uint8Array(32)

async function keyOf(metadata: Metadata): Promise<Uint8Array> {
  const name = JSON.stringify(metadata.groups)
  const known = keys.get(name)
  if (known !== undefined || keys.size === MOST_KEYS) return known ?? NO_KEY
  const key = await openDataKey(metadata, { identities: fixtureIdentities(), identityProblems: [] }).catch(
    (error: unknown) => {
      if (error instanceof SourceError) return NO_KEY
      throw error
    },
  )
  keys.set(name, key)
  return key
}
