import { reasonOf, SourceError, UnavailableError } from '../base/errors.ts'
import type { TemplatePart, TemplateSpec } from '../config/config.ts'
import { MAX_SECRET_BYTES, type OpenContext, type Source } from './source.ts'
import { applyFilter } from './template-filters.ts'

/** Text with the values of secrets in it. It fails when one of them does, and is unavailable when one of them is. */
export const templateSource: Source<TemplateSpec> = {
  async open({ parts }, templateName, context) {
    const values = new Map<string, Uint8Array>()
    const pieces: Uint8Array[] = []
    try {
      for (const part of parts) {
        if (!('secret' in part) || values.has(part.secret)) continue
        values.set(part.secret, await inputOf(part.secret, context))
      }
      for (const part of parts) pieces.push(pieceOf(part, values, templateName))
      return joined(pieces)
    } finally {
      for (const bytes of [...values.values(), ...pieces]) bytes.fill(0)
    }
  },
}

async function inputOf(name: string, { input }: OpenContext): Promise<Uint8Array> {
  if (input === undefined) throw new SourceError(`its input ${name} was not opened`)
  try {
    return await input(name)
  } catch (error) {
    const Class = error instanceof UnavailableError ? UnavailableError : SourceError
    throw new Class(`its input ${name} can't be opened: ${reasonOf(error)}`, { cause: error })
  }
}

/** The bytes that a part stands for, in memory of their own. */
function pieceOf(
  part: TemplatePart,
  values: ReadonlyMap<string, Uint8Array>,
  templateName: string,
): Uint8Array {
  if ('literal' in part) return Uint8Array.from(Buffer.from(part.literal, 'latin1'))
  const { secret, filter } = part
  const value = values.get(secret) ?? new Uint8Array()
  if (filter === undefined) return value.slice()
  const piece = applyFilter(filter, value)
  if (typeof piece !== 'string') return piece
  throw new SourceError(
    `the secret ${secret} has ${piece}, which the filter ${filter} of the template ${templateName} can't carry`,
  )
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (length > MAX_SECRET_BYTES) throw new SourceError('its text is longer than 1 MiB')
  const all = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
