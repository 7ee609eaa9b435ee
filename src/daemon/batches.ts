/** Does some work on numbers that are added at any time: batch after batch, never two at once. */
export class Batches {
  readonly #work: (batch: number[]) => Promise<void>
  readonly #waiting = new Set<number>()
  #working = false

  /** `work` never rejects. */
  constructor(work: (batch: number[]) => Promise<void>) {
    this.#work = work
  }

  /** They are in a batch that starts after this call. */
  add(numbers: readonly number[]): void {
    for (const number of numbers) this.#waiting.add(number)
    void this.#go()
  }

  /** Forget those whose batch hasn't started. */
  clear(): void {
    this.#waiting.clear()
  }

  async #go(): Promise<void> {
    if (this.#working) return
    this.#working = true
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting]
      this.#waiting.clear()
      await this.#work(batch)
    }
    this.#working = false
  }
}
