import { SourceError } from '../base/errors.ts'

const BLANK = /[ \t\r\n]*/y
const COMMENT = /[#;][^\r\n]*/y
const NAME = /([^=\r\n]*)=/y
const QUOTED = /[ \t]*(?:'([^']*)'|"((?:[^"\\]|\\[^])*)")/y
const UNQUOTED = /[ \t]*((?:[^\\\r\n]|\\[^]|\\$)*)/y
const UNCLOSED = /[ \t]*['"]/y

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * The variables of an environment file, as systemd reads `EnvironmentFile=` (systemd.exec(5); parse_env_file_internal in its env-file.c): quotes,
 * values of several lines, comments at the start of a line, the last of two equal names. What systemd leaves out of such a file is an error here.
 *
 * Throws `SourceError` with `place` and the line, and never what is in it.
 */
export function parseEnvironment(bytes: Uint8Array, place: string): ReadonlyMap<string, string> {
  const reader = new Reader(decode(bytes, place))
  const fail = (reason: string): never => {
    throw new SourceError(`${place}:${reader.line}: ${reason}`)
  }
  const variables = new Map<string, string>()
  for (;;) {
    reader.take(BLANK)
    if (reader.isAtEnd) return variables
    if (reader.take(COMMENT) !== undefined) continue
    const name = reader.take(NAME)?.[1]?.trimEnd() ?? fail('this is no assignment such as NAME=value')
    if (!VARIABLE.test(name)) fail('the part before `=` is not the name of a variable')
    variables.set(name, valueOf(reader) ?? fail('a quote is opened and not closed'))
  }
}

/** Quoted pieces one after the other, then what isn't quoted, without white space at its end; undefined: a quote isn't closed. */
function valueOf(reader: Reader): string | undefined {
  let value = ''
  for (let piece = reader.take(QUOTED); piece !== undefined; piece = reader.take(QUOTED)) {
    const [, single, double = ''] = piece
    value += single ?? double.replaceAll(/\\([^])/g, unescapedInQuotes)
  }
  if (reader.take(UNCLOSED) !== undefined) return undefined
  const [, rest = ''] = reader.take(UNQUOTED) ?? []
  return (
    value +
    rest.replaceAll(/\\([^]?)|[ \t]+/g, (piece: string, char: string | undefined, at: number) => {
      if (char === undefined) return at + piece.length === rest.length ? '' : piece
      return char === '\n' || char === '\r' ? '' : char
    })
  )
}

/** SHELL_NEED_ESCAPE in systemd's escape.h; a newline goes, before anything else a backslash stays. */
function unescapedInQuotes(pair: string, char: string): string {
  if (char === '\n') return ''
  return /["\\`$]/.test(char) ? char : pair
}

function decode(bytes: Uint8Array, place: string): string {
  if (bytes.includes(0))
    throw new SourceError(`${place}: it has a NUL byte, which an environment can't carry`)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new SourceError(`${place}: it is not UTF-8`, { cause })
  }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length
  }

  /** From 1. */
  get line(): number {
    return this.#text.slice(0, this.#at).split('\n').length
  }

  /** What a sticky pattern matches here, and go behind it. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text) ?? undefined
    if (found !== undefined) this.#at = pattern.lastIndex
    return found
  }
}
