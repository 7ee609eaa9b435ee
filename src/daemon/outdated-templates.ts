import type { SecretConfig } from '../config/config.ts'
import { withTemplates } from '../config/template-inputs.ts'
import type { IndexedValue } from '../vfs/table.ts'
import { Batches } from './batches.ts'
import { TemplateInputs } from './template-inputs.ts'

/** What templates are made of, and those that are to be made anew because one of their inputs has changed. */
export class OutdatedTemplates {
  #inputs: TemplateInputs
  readonly #batches: Batches
  /** Counts changes of inputs. */
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

  /** Values have changed, which still have their bytes, in a job that makes their templates, or without one. Where they are of vaults, their templates are made anew. */
  take(secrets: readonly SecretConfig[], values: readonly IndexedValue[], making?: Making): void {
    if (!values.some(({ index }) => this.#inputs.isNeeded(secrets[index]?.name ?? ''))) return
    this.#changes++
    if (making !== undefined) making.ownChanges++
    const ofVaults = values.filter(({ index }) => secrets[index]?.source.kind === 'vault')
    if (ofVaults.length === 0) return
    for (const { index, value } of ofVaults) this.#inputs.keep(secrets[index]?.name ?? '', value)
    const indexes = ofVaults.map(({ index }) => index)
    this.#batches.add(templatesOf(secrets, withTemplates(secrets, indexes)))
  }

  /** Before templates are made. */
  making(): Making {
    return { before: this.#changes, ownChanges: 0 }
  }

  /** These were made: what has changed meanwhile in no part of the job, which it may not have seen, makes its templates once more. */
  made({ before, ownChanges }: Making, secrets: readonly SecretConfig[], indexes: readonly number[]): void {
    if (this.#changes - before !== ownChanges) this.#batches.add(templatesOf(secrets, indexes))
  }
}

/** A job with templates: how many changes there had been before it, and how many of those since are its own. */
export interface Making {
  readonly before: number
  ownChanges: number
}

function templatesOf(secrets: readonly SecretConfig[], indexes: readonly number[]): number[] {
  return indexes.filter((index) => secrets[index]?.source.kind === 'template')
}
