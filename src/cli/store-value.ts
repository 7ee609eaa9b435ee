import { dirname, isAbsolute, relative } from 'node:path'
import { ConfigError, UsageError } from '../base/errors.ts'
import { declareSecret, type SecretFields } from '../config/edit.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { problemsIn } from '../config/validate.ts'
import type { Keys } from '../sealed/file.ts'
import { readRecipients } from '../sealed/recipients.ts'
import { sealSecret } from '../sealed/seal.ts'
import { writeSealedFile, type LockedStore } from '../sealed/store.ts'
import type { Output } from './output.ts'
import { sealedPlace, type SealedPlace } from './store-context.ts'

/** Fields that a command line may set; the others of a secret stay as they are. */
export type GivenFields = Pick<SecretFields, 'owner' | 'group' | 'mode' | 'units'>

export interface Stored {
  readonly name: string
  readonly file: string
  /** Recipients that can open it. */
  readonly recipients: number
  /** False where the configuration couldn't be written. */
  readonly declared: boolean
}

const options: Record<string, string> = {
  owner: '--owner',
  group: '--group',
  mode: '--mode',
  units: '--unit',
}

/** Refuse what the configuration would refuse, before anything is read or written. Throws `UsageError`. */
export function checkFields(name: string, fields: GivenFields): void {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  const [problem] = problemsIn({ secrets: { [name]: { source: { sealed: 'FILE' }, ...given } } })
  if (problem === undefined) return
  throw new UsageError(`${options[String(problem.path[2])] ?? name}: ${problem.message}`)
}

/**
 * Seal `value` into the place of `name` and declare it, or change the given fields of its declaration. The old value is there until the new one
 * is, whole. A configuration that can't be written is a warning: the value is kept.
 */
export async function storeValue(
  store: LockedStore,
  configFile: string,
  request: { name: string; value: Uint8Array; keys: Keys; fields: GivenFields },
  output: Output,
): Promise<Stored> {
  const { name, value, keys, fields } = request
  const config = loadConfig(configFile)
  const place = sealedPlace(config, name)
  const { recipients } = await readRecipients(store.folder, keys.identities)
  writeSealedFile(store, place.file, await sealSecret(name, value, recipients))
  const declared = await declare(config, place, fields, output)
  return { name, file: place.file, recipients: recipients.length, declared }
}

async function declare(
  config: Config,
  { name, declared, file }: SealedPlace,
  fields: GivenFields,
  output: Output,
): Promise<boolean> {
  const source = declared === undefined ? { source: { sealed: pathFor(config, file) } } : {}
  try {
    await declareSecret(config.file, name, { ...source, ...fields })
    return true
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const entry = JSON.stringify({ [name]: { ...source, ...fields } }).slice(1, -1)
    output.warning(error.message)
    output.note(`the value is in ${file}; declare it yourself under secrets: ${entry}`)
    return false
  }
}

/** Relative inside the configuration's folder, so that both can be moved together. */
function pathFor(config: Config, file: string): string {
  const short = relative(dirname(config.file), file)
  return short.startsWith('..') || isAbsolute(short) ? file : short
}
