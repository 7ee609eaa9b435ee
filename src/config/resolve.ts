import { dirname, resolve } from 'node:path'
import type { Config, ReadsRule, SecretConfig, SourceSpec } from './config.ts'
import { microsecondsOf, secondsOf } from './fields.ts'
import type { DocumentInput, SecretInput } from './schema.ts'
import { specOf } from './source-schema.ts'
import { resolveVault } from './vault-schema.ts'

/** Fill in the defaults and make every path absolute. Templates are for templates.ts. */
export function resolveDocument(file: string, input: DocumentInput): Config {
  const absolute = resolve(file)
  const folder = dirname(absolute)
  const vaults = Object.entries(input.vaults ?? {})
  const names = vaults.map(([name]) => name)
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
    secrets: Object.entries(input.secrets ?? {}).map(([name, secret]) =>
      resolveSecret(name, specOf(secret.source, folder, names), secret),
    ),
  }
}

/** A secret, or a template, whose other keys are the same. */
export function resolveSecret(
  name: string,
  source: SourceSpec,
  input: Omit<SecretInput, 'source'>,
): SecretConfig {
  return {
    name,
    source,
    owner: input.owner ?? 'root',
    group: input.group ?? 'root',
    mode: bitsOf(input.mode ?? '0400'),
    units: input.units,
    userUnits: input.userUnits,
    manager: input.manager ?? true,
    reads: readsOf(input.reads ?? 'always'),
    restartUnits: input.restartUnits ?? NO_UNITS,
    reloadUnits: input.reloadUnits ?? NO_UNITS,
  }
}

/** What pays was measured (native-notes/polling.md). */
const MEASURED_POLLING = '200us'

function pollingOf(input: string): number {
  if (input === 'off') return 0
  return microsecondsOf(input === 'auto' ? MEASURED_POLLING : input)
}

function bitsOf(mode: string): number {
  return Number.parseInt(mode, 8)
}

/** One object each, for however many secrets. */
const NO_UNITS: readonly string[] = []
const ALWAYS: ReadsRule = { kind: 'always' }

function readsOf(input: NonNullable<SecretInput['reads']>): ReadsRule {
  if (input === 'always') return ALWAYS
  return typeof input === 'string' ? { kind: input } : { kind: 'startup', seconds: secondsOf(input.startup) }
}
