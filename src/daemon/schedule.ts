/** When each secret is to be opened again, by name. Times are milliseconds on any one clock. */
export class Schedule {
  readonly #due = new Map<string, number>()

  set(name: string, at: number): void {
    this.#due.set(name, at)
  }

  delete(name: string): void {
    this.#due.delete(name)
  }

  /** Forget all other names. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#due.keys()) if (!names.has(name)) this.#due.delete(name)
  }

  /** The earliest time; undefined: nothing is planned. */
  get next(): number | undefined {
    let earliest: number | undefined
    for (const at of this.#due.values()) if (earliest === undefined || at < earliest) earliest = at
    return earliest
  }

  /** The names whose time has come, which are then no longer planned. */
  takeDue(now: number): string[] {
    const names = [...this.#due].flatMap(([name, at]) => (at <= now ? [name] : []))
    for (const name of names) this.#due.delete(name)
    return names
  }
}

/** Between 0.8 and 1.2 of it. */
export function spread(milliseconds: number, random: number): number {
  return Math.round(milliseconds * (0.8 + 0.4 * random))
}
