import { inputsOf } from '../config/template-inputs.ts'
import { isPending, isPresent, type EntryValue } from '../vfs/table.ts'
import type { Job } from './unseal-protocol.ts'

/**
 * The last values of secrets that templates are made of, as ciphertext: for another child, and for a template that is made anew when only one of
 * its inputs was opened again.
 */
export class TemplateInputs {
  readonly #values = new Map<string, EntryValue>()

  /** A copy: the memory of a value moves to who takes it. */
  keep(name: string, value: EntryValue): void {
    if (isPending(value)) return
    this.#values.set(name, isPresent(value) ? { ...value, sealed: value.sealed.slice() } : value)
  }

  /** What the templates of a job need, without what is opened in the same job. */
  missingFrom(secrets: Job['secrets']): Map<string, EntryValue> {
    const opened = new Set(secrets.map(({ name }) => name))
    const needed = secrets.flatMap(({ source }) => inputsOf(source)).filter((name) => !opened.has(name))
    const found = needed.flatMap((name): [string, EntryValue][] => {
      const value = this.#values.get(name)
      return value === undefined ? [] : [[name, value]]
    })
    return new Map(found)
  }
}
