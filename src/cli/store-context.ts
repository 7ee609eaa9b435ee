import { StoreError, UsageError } from '../base/errors.ts'
import { folderConflict, nameProblem } from '../base/secret-name.ts'
import type { Config, SecretConfig } from '../config/load.ts'
import { canonical, MOUNT_TYPE } from '../daemon/mount-point.ts'
import { loadIdentities } from '../identity/load.ts'
import type { Keys } from '../sealed/file.ts'
import { listStore, storeFile, withStore, type LockedStore } from '../sealed/store.ts'
import { mountAt } from '../sys/mountinfo.ts'
import { DEFAULT_CONFIG } from './command.ts'
import type { Output } from './output.ts'

/** A name, what the configuration says of it, and the sealed file that holds its value or will. */
export interface SealedPlace {
  readonly name: string
  readonly declared: SecretConfig | undefined
  readonly file: string
}

export function keysOf(config: Config): Keys {
  const { identities, problems } = loadIdentities(config.identities)
  return { identities, identityProblems: problems }
}

/** Every sealed file that the configuration declares. */
export function declaredFiles(config: Config): string[] {
  return config.secrets.flatMap(({ source }) => (source.kind === 'sealed' ? [source.file] : []))
}

/** Run `work` with the store's lock; says so when it has to wait. */
export function locked<T>(
  config: Config,
  output: Output,
  work: (store: LockedStore) => Promise<T> | T,
): Promise<T> {
  const onWait = () => output.note('waiting for another hushfs that is changing the store')
  return withStore({ folder: config.store, elsewhere: declaredFiles(config), onWait }, work)
}

/** Where `name` is sealed, or would be. Throws `UsageError` for a name that can't be, and for one that has another source. */
export function sealedPlace(config: Config, name: string): SealedPlace {
  checkName(name)
  const declared = config.secrets.find((secret) => secret.name === name)
  if (declared === undefined) {
    const names = [...config.secrets, ...listStore(config.store)].map((known) => known.name)
    const other = folderConflict(name, names)
    if (other === undefined) return { name, declared, file: storeFile(config.store, name) }
    throw new UsageError(`${name} and ${other} can't both be: one would be a file and a folder`, {
      hint: 'choose another name',
    })
  }
  if (declared.source.kind === 'sealed') return { name, declared, file: declared.source.file }
  throw new UsageError(
    `${config.file} declares ${name} with the source \`${declared.source.kind}\`; hushfs writes sealed files only`,
    { hint: `take the declaration away first, with \`hushfs rm ${name}\`; what it names is left alone` },
  )
}

export function checkName(name: string): void {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new UsageError(`the name ${JSON.stringify(name)} ${problem}`)
}

/** For commands on what is there already. */
export function notThere(config: Config, name: string): StoreError {
  return new StoreError(`there is no secret ${name}, neither in ${config.file} nor in ${config.store}`, {
    hint: '`hushfs list` lists what is there',
  })
}

/** After a change: what makes a running mount serve it. */
export function hintReload(config: Config, output: Output): void {
  if (mountAt(canonical(config.mountPoint))?.type !== MOUNT_TYPE) return
  const option = config.file === DEFAULT_CONFIG ? '' : ` --config ${config.file}`
  output.note(`${config.mountPoint} still has the state before this: run \`hushfs reload${option}\``)
}
