/** Decodes UTF-8 that is nearly always that of the last time: then it is the same string again. */
export class LastText {
  #bytes = new Uint8Array()
  #text = ''

  /** The first `length` of `bytes`. */
  of(bytes: Buffer, length: number): string {
    if (length !== this.#bytes.length || !this.#isPrefixOf(bytes)) {
      this.#bytes = Uint8Array.prototype.slice.call(bytes, 0, length)
      this.#text = bytes.toString('utf8', 0, length)
    }
    return this.#text
  }

  #isPrefixOf(bytes: Uint8Array): boolean {
    for (let at = 0; at < this.#bytes.length; at++) if (bytes[at] !== this.#bytes[at]) return false
    return true
  }
}
