import { OUT_HEADER_BYTES } from './wire/encode.ts'

/**
 * The one buffer from which every reply is written: the out header, and behind it the payload. It lies where the owner puts it (the WASM
 * heap), so that a value is opened in place and written to the kernel from there, and nowhere else.
 */
export class Frame {
  readonly #memory: () => Uint8Array
  #bytes: Uint8Array = new Uint8Array()
  #view: DataView = new DataView(new ArrayBuffer())

  /** `memory` gives the buffer; it is asked again when growing the heap has detached the last answer. */
  constructor(memory: () => Uint8Array) {
    this.#memory = memory
  }

  /** The whole buffer, header included. */
  get bytes(): Uint8Array {
    this.#refresh()
    return this.#bytes
  }

  get view(): DataView {
    this.#refresh()
    return this.#view
  }

  #refresh(): void {
    if (this.#bytes.byteLength > 0) return
    this.#bytes = this.#memory()
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
  }

  /** The most bytes that a payload may have. */
  get capacity(): number {
    return this.bytes.length - OUT_HEADER_BYTES
  }

  /** Overwrite the first `length` bytes of the payload with zeros. */
  wipePayload(length: number): void {
    this.bytes.fill(0, OUT_HEADER_BYTES, OUT_HEADER_BYTES + length)
  }
}
