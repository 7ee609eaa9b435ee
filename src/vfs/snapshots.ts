/** Handles above every version of a secret (2^52), so the two kinds can't be mistaken for each other. */
const FIRST_HANDLE = 2 ** 52 + 1

/** What virtual files held when they were opened, so that one descriptor reads one text. */
export class Snapshots {
  readonly #contents = new Map<number, Uint8Array>()
  #next = FIRST_HANDLE

  open(content: Uint8Array): number {
    const handle = this.#next++
    this.#contents.set(handle, content)
    return handle
  }

  get(handle: number): Uint8Array | undefined {
    return this.#contents.get(handle)
  }

  /** True when the handle was one of a virtual file. */
  close(handle: number): boolean {
    return this.#contents.delete(handle) || handle >= FIRST_HANDLE
  }
}
