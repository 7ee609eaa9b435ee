import { inputsOf } from '../config/template-inputs.ts'
import { ownCopy } from '../vault/value.ts'
import { isPending, isPresent, type EntryValue } from '../vfs/table.ts'
import type { Job } from './unseal-protocol.ts'

/**
 * The last values of secrets that templates are made of, as ciphertext: for another child, and for a template that is made anew when only one of
 * its inputs was opened again.
 */
export class TemplateInputs {
  readonly #needed: ReadonlySet<string>
  readonly #values = new Map<string, EntryValue>()

  /** For the templates that are among these secrets. */
  constructor(secrets: Job['secrets']) {
    const templates = secrets.filter(({ source }) => source.kind === 'template')
    this.#needed = new Set(templates.flatMap(({ source }) => inputsOf(source)))
  }

  /** Is a template made of this secret? */
  isNeeded(name: string): boolean {
    return this.#needed.has(name)
  }

  /** A copy: the memory of a value moves to who takes it. Does nothing for what no template needs. */
  keep(name: string, value: EntryValue): void {
    if (isPending(value) || !this.isNeeded(name)) return
    this.#values.set(name, isPresent(value) ? ownCopy(value) : value)
  }

  /** Undefined: nothing is known of it. */
  get(name: string): EntryValue | undefined {
    return this.#values.get(name)
  }

  /** What the templates of a job need, without what is opened in the same job. */
  missingFrom(secrets: Job['secrets']): Map<string, EntryValue> {
    if (this.#needed.size === 0) return new Map()
    const opened = new Set(secrets.map(({ name }) => name))
    const needed = secrets.flatMap(({ source }) => inputsOf(source)).filter((name) => !opened.has(name))
    const found = needed.flatMap((name): [string, EntryValue][] => {
      const value = this.#values.get(name)
      return value === undefined ? [] : [[name, value]]
    })
    return new Map(found)
  }
}
