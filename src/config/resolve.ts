import { dirname, resolve } from 'node:path'
import type { Config } from './config.ts'
import { microsecondsOf, secondsOf } from './fields.ts'
import { columnsOf } from './map-columns.ts'
import type { DocumentInput } from './schema.ts'
import { specOf } from './source-schema.ts'
import { bitsOf, TermsMaker } from './terms.ts'
import { resolveVault } from './vault-schema.ts'

/** Fill in the defaults and make every path absolute. Templates are for templates.ts. */
export function resolveDocument(file: string, input: DocumentInput): Config {
  const absolute = resolve(file)
  const folder = dirname(absolute)
  const vaults = Object.entries(input.vaults ?? {})
  const names = vaults.map(([name]) => name)
  const terms = new TermsMaker()
  const secrets = columnsOf(input.secrets ?? {})
  return {
    file: absolute,
    folder,
    mountPoint: resolve(folder, input.mountPoint ?? '/run/hushfs'),
    identities: (input.identities ?? []).map((path) => resolve(folder, path)),
    store: resolve(folder, input.store ?? '/var/lib/hushfs/store'),
    directoryMode: bitsOf(input.directoryMode ?? '0711'),
    startTimeout: secondsOf(input.startTimeout ?? '30s'),
    polling: pollingOf(input.polling ?? 'auto'),
    vaults: vaults.map(([name, vault]) => resolveVault(name, vault, folder)),
    secrets: secrets.values.map((secret, index) => ({
      name: secrets.keys[index] as string,
      source: specOf(secret.source, folder, names),
      terms: terms.of(secret),
    })),
  }
}

/** What pays was measured (native-notes/polling.md). */
const MEASURED_POLLING = '200us'

function pollingOf(input: string): number {
  if (input === 'off') return 0
  return microsecondsOf(input === 'auto' ? MEASURED_POLLING : input)
}
