import type { SecretConfig } from '../config/config.ts'
import { withTemplates } from '../config/template-inputs.ts'
import type { IndexedValue } from '../vfs/table.ts'
import { Batches } from './batches.ts'
import { TemplateInputs } from './template-inputs.ts'

/** What templates are made of, and those that are to be made anew because a secret of a vault has changed. */
export class OutdatedTemplates {
  #inputs: TemplateInputs
  readonly #batches: Batches
  /** Counts changes. */
  #changes = 0

  /** `make` templates, by their indexes among the secrets; it never rejects. */
  constructor(secrets: readonly SecretConfig[], make: (indexes: readonly number[]) => Promise<void>) {
    this.#inputs = new TemplateInputs(secrets)
    this.#batches = new Batches(make)
  }

  get inputs(): TemplateInputs {
    return this.#inputs
  }

  /** Those of another configuration, whose templates were made of them. */
  replace(inputs: TemplateInputs): void {
    this.#inputs = inputs
    this.#batches.clear()
  }

  /** Values have changed, which still have their bytes. Where they are of vaults, their templates are made anew. */
  take(secrets: readonly SecretConfig[], values: readonly IndexedValue[]): void {
    const changed = values.filter(({ index }) => secrets[index]?.source.kind === 'vault')
    if (changed.length === 0) return
    this.#changes++
    for (const { index, value } of changed) this.#inputs.keep(secrets[index]?.name ?? '', value)
    const indexes = changed.map(({ index }) => index)
    this.#batches.add(templatesOf(secrets, withTemplates(secrets, indexes)))
  }

  /** Call it before templates are made, and what it gives when they are: what has changed meanwhile makes them once more. */
  watch(): (secrets: readonly SecretConfig[], indexes: readonly number[]) => void {
    const before = this.#changes
    return (secrets, indexes) => {
      if (this.#changes !== before) this.#batches.add(templatesOf(secrets, indexes))
    }
  }
}

function templatesOf(secrets: readonly SecretConfig[], indexes: readonly number[]): number[] {
  return indexes.filter((index) => secrets[index]?.source.kind === 'template')
}
