/** RFC 3339 in UTC with milliseconds. What is before them is kept for as long as it is the same. */
export class Timestamps {
  #second = NaN
  #prefix = ''

  /** `milliseconds` since 1970, whole. */
  at(milliseconds: number): string {
    const second = Math.floor(milliseconds / 1000)
    if (second !== this.#second) {
      this.#prefix = new Date(second * 1000).toISOString().slice(0, -'000Z'.length)
      this.#second = second
    }
    const rest = milliseconds - second * 1000
    return `${this.#prefix}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`
  }
}
