/**
 * JSON (RFC 8259) as bytes: finds one value of a document and decodes one string, without making a JavaScript string of what may be a
 * secret. The whole document is checked. Throws `SyntaxError` without any of its content.
 */

const DEPTH = 64

const [QUOTE, BACKSLASH, MINUS, ZERO, NINE, POINT] = [0x22, 0x5c, 0x2d, 0x30, 0x39, 0x2e]
const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word))
/** What an escape stands for, by the letter behind its backslash. */
const ESCAPES = new Map(
  Object.entries({ '"': 0x22, '\\': 0x5c, '/': 0x2f, b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09 }).map(
    ([letter, code]) => [letter.charCodeAt(0), code],
  ),
)

/** A view of the value at `keys`, maps in maps, as JSON; undefined when there is none. Of equal keys the last counts. */
export function findValue(json: Uint8Array, keys: readonly string[]): Uint8Array | undefined {
  const scanner = new Scanner(json)
  scanner.value(keys, 0)
  scanner.end()
  return scanner.found
}

/** The UTF-8 bytes that a JSON string (with its quotes, checked) stands for, in memory of their own: the caller wipes them. */
export function decodeString(json: Uint8Array): Uint8Array {
  // No escape is shorter than what it stands for.
  const room = new Uint8Array(json.length)
  let length = 0
  try {
    for (let at = 1; at < json.length - 1; at++) {
      const byte = json[at] ?? 0
      if (byte !== BACKSLASH) {
        room[length++] = byte
        continue
      }
      const letter = json[++at] ?? 0
      const plain = ESCAPES.get(letter)
      if (plain !== undefined) {
        room[length++] = plain
        continue
      }
      const unit = codeUnit(json, at + 1)
      const pair = isHigh(unit) && json[at + 5] === BACKSLASH
      const code = pair ? joined(unit, codeUnit(json, at + 7)) : unit
      if (code >= 0xd800 && code <= 0xdfff) throw new SyntaxError('half a surrogate pair')
      at += pair ? 10 : 4
      length += putUtf8(room, length, code)
    }
    return room.slice(0, length)
  } finally {
    room.fill(0)
  }
}

class Scanner {
  found: Uint8Array | undefined
  readonly #json: Uint8Array
  #at = 0

  constructor(json: Uint8Array) {
    this.#json = json
  }

  /** One value; `keys` lead from it to the one that is looked for, undefined: they don't lead through it. */
  value(keys: readonly string[] | undefined, depth: number): void {
    if (depth > DEPTH) throw new SyntaxError(`nested deeper than ${DEPTH}`)
    this.#space()
    const start = this.#at
    const first = this.#json[start]
    if (first === 0x7b) this.#map(keys, depth)
    else if (first === 0x5b) this.#list(depth)
    else if (first === QUOTE) this.#string()
    else if (first === MINUS || isDigit(first)) this.#number()
    else this.#literal()
    if (keys?.length === 0) this.found = this.#json.subarray(start, this.#at)
    this.#space()
  }

  end(): void {
    if (this.#at !== this.#json.length) throw this.#unexpected()
  }

  #map(keys: readonly string[] | undefined, depth: number): void {
    const [wanted, ...rest] = keys ?? []
    this.#at++
    this.#space()
    if (this.#take(0x7d)) return
    do {
      this.#space()
      const name = this.#string()
      this.#space()
      if (!this.#take(0x3a)) throw this.#unexpected()
      const leads = wanted !== undefined && Buffer.from(decodeString(name)).toString() === wanted
      if (leads) this.found = undefined
      this.value(leads ? rest : undefined, depth + 1)
    } while (this.#take(0x2c))
    if (!this.#take(0x7d)) throw this.#unexpected()
  }

  #list(depth: number): void {
    this.#at++
    this.#space()
    if (this.#take(0x5d)) return
    do this.value(undefined, depth + 1)
    while (this.#take(0x2c))
    if (!this.#take(0x5d)) throw this.#unexpected()
  }

  #string(): Uint8Array {
    const start = this.#at
    if (!this.#take(QUOTE)) throw this.#unexpected()
    for (let byte = this.#json[this.#at]; byte !== QUOTE; byte = this.#json[this.#at]) {
      if (byte === undefined || byte < 0x20) throw this.#unexpected()
      this.#at++
      if (byte === BACKSLASH) this.#escape()
    }
    this.#at++
    return this.#json.subarray(start, this.#at)
  }

  #escape(): void {
    const letter = this.#json[this.#at++] ?? 0
    if (ESCAPES.has(letter)) return
    if (letter !== 0x75) throw this.#unexpected()
    codeUnit(this.#json, this.#at)
    this.#at += 4
  }

  #number(): void {
    this.#take(MINUS)
    if (!this.#take(ZERO)) this.#digits()
    if (this.#take(POINT)) this.#digits()
    if (this.#take(0x65) || this.#take(0x45)) {
      if (!this.#take(0x2b)) this.#take(MINUS)
      this.#digits()
    }
  }

  #digits(): void {
    if (!isDigit(this.#json[this.#at])) throw this.#unexpected()
    while (isDigit(this.#json[this.#at])) this.#at++
  }

  #literal(): void {
    const word = LITERALS.find((word) => word.equals(this.#json.subarray(this.#at, this.#at + word.length)))
    if (word === undefined) throw this.#unexpected()
    this.#at += word.length
  }

  #space(): void {
    for (let byte = this.#json[this.#at]; isSpace(byte); byte = this.#json[this.#at]) this.#at++
  }

  #take(byte: number): boolean {
    if (this.#json[this.#at] !== byte) return false
    this.#at++
    return true
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`not JSON at byte ${this.#at}`)
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Four hexadecimal digits. */
function codeUnit(json: Uint8Array, at: number): number {
  const digits = String.fromCharCode(...json.subarray(at, at + 4))
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new SyntaxError(`not JSON at byte ${at}`)
  return Number.parseInt(digits, 16)
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function joined(high: number, low: number): number {
  if (low < 0xdc00 || low > 0xdfff) throw new SyntaxError('half a surrogate pair')
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
}

function putUtf8(into: Uint8Array, at: number, code: number): number {
  const bytes = Buffer.from(String.fromCodePoint(code))
  into.set(bytes, at)
  return bytes.length
}
