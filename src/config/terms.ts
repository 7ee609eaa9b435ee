import type { ReadsRule, Terms } from './config.ts'
import { secondsOf } from './fields.ts'
import type { SecretInput } from './schema.ts'

/** The terms of a secret, or of a template, as they are written. */
type TermsInput = Omit<SecretInput, 'source'>

/** Every one: what isn't compared would be that of another secret. */
const compared: Readonly<Record<keyof TermsInput, true>> = {
  owner: true,
  group: true,
  mode: true,
  units: true,
  userUnits: true,
  manager: true,
  reads: true,
  restartUnits: true,
  reloadUnits: true,
}
const KEYS = Object.keys(compared) as (keyof TermsInput)[]

/** Fills in the defaults, and gives secrets for which the configuration says the same the same object: of many secrets most are alike. */
export class TermsMaker {
  readonly #byText = new Map<string, Terms>()
  #last: { readonly input: TermsInput; readonly terms: Terms } | undefined

  of(input: TermsInput): Terms {
    const last = this.#last
    if (last !== undefined && isSame(last.input, input)) return last.terms
    const text = JSON.stringify(KEYS.map((key) => input[key]))
    const terms = this.#byText.get(text) ?? termsOf(input)
    this.#byText.set(text, terms)
    this.#last = { input, terms }
    return terms
  }
}

/** The same values for each of KEYS; written out, because it is asked for every secret. */
function isSame(a: TermsInput, b: TermsInput): boolean {
  return (
    a.owner === b.owner &&
    a.group === b.group &&
    a.mode === b.mode &&
    a.units === b.units &&
    a.userUnits === b.userUnits &&
    a.manager === b.manager &&
    a.reads === b.reads &&
    a.restartUnits === b.restartUnits &&
    a.reloadUnits === b.reloadUnits
  )
}

function termsOf(input: TermsInput): Terms {
  return {
    owner: input.owner ?? 'root',
    group: input.group ?? 'root',
    mode: bitsOf(input.mode ?? '0400'),
    units: input.units,
    userUnits: input.userUnits,
    manager: input.manager ?? true,
    reads: readsOf(input.reads ?? 'always'),
    restartUnits: input.restartUnits ?? [],
    reloadUnits: input.reloadUnits ?? [],
  }
}

export function bitsOf(mode: string): number {
  return Number.parseInt(mode, 8)
}

function readsOf(input: NonNullable<SecretInput['reads']>): ReadsRule {
  if (input === 'always') return { kind: 'always' }
  return typeof input === 'string' ? { kind: input } : { kind: 'startup', seconds: secondsOf(input.startup) }
}
