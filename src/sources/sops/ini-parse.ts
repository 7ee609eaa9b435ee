import { SourceError } from '../../base/errors.ts'
import { comment, leaf, type Comment, type Entry, type MapNode } from './tree.ts'

/**
 * INI as gopkg.in/ini.v1 reads it with the options of sops (stores/ini/store.go): sections of one level, `=` or `:`, values in quotes,
 * backticks or over several lines. A comment belongs to the section or key after it, and sops puts it behind the key.
 */
export function parseIni(text: string): MapNode[] {
  const parser = new Parser(text)
  return [{ kind: 'map', items: parser.sections() }]
}

const DEFAULT_SECTION = 'DEFAULT'
/** Go's unicode.IsSpace. */
const SPACE = '[\\t-\\r \\u0085\\p{Z}]'
const LEADING = new RegExp(`^${SPACE}+`, 'u')
const TRAILING = new RegExp(`${SPACE}+$`, 'u')
const trim = (text: string) => trimEnd(text.replace(LEADING, ''))
/** Not by the pattern alone, which takes quadratic time where spaces end at something else. */
const trimEnd = (text: string) => {
  let end = text.length
  while (end > 0 && TRAILING.test(text.slice(end - 1, end))) end -= 1
  return text.slice(0, end)
}

class Parser {
  readonly #lines: string[]
  #at = 0
  #comment = ''
  #unnamed = 0

  constructor(text: string) {
    this.#lines = text.split('\n')
  }

  sections(): Entry[] {
    let section = newSection(DEFAULT_SECTION)
    const sections = [section]
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      const content = line.replace(LEADING, '')
      if (content === '') continue
      if (/^[#;]/.test(content)) this.#comment += `${content}\n`
      else if (content.startsWith('[')) {
        section = newSection(this.#sectionName(content))
        section.value.items.push(...this.#comments())
        sections.push(section)
        this.#unnamed = 0
      } else this.#key(section.value, content)
    }
    return sections
  }

  #next(): string | undefined {
    return this.#lines[this.#at++]
  }

  #sectionName(line: string): string {
    const end = line.lastIndexOf(']')
    if (end === -1) throw new SourceError('a section of the INI has no closing bracket')
    if (end === 1) throw new SourceError('a section of the INI has no name')
    this.#comment += commentIn(line.slice(end + 1))
    return line.slice(1, end)
  }

  #key(section: MapNode, line: string): void {
    const { name, rest } = splitKey(line)
    if (name === '') throw new SourceError('a key of the INI has no name')
    const key = name === '-' ? `#${++this.#unnamed}` : name
    const value = leaf('str', this.#value(rest))
    const known = section.items.findIndex((item) => item.kind === 'entry' && item.key === key)
    if (known !== -1) throw new SourceError(`the INI has the key ${JSON.stringify(key)} twice in a section`)
    section.items.push({ kind: 'entry', key, value }, ...this.#comments())
  }

  /** The comment so far, without the character that starts it. */
  #comments(): Comment[] {
    const text = trim(this.#comment)
    this.#comment = ''
    if (text === '') return []
    return [comment(text.replace(text.startsWith(';') ? /^[; ]+/ : /^[# ]+/, ''))]
  }

  #value(text: string): string {
    const line = text.replace(LEADING, '')
    const quote = line.startsWith('"""') ? '"""' : line.startsWith('`') ? '`' : ''
    if (quote !== '') return this.#quoted(line.slice(quote.length), quote)
    const value = trimEnd(line)
    if (value.endsWith('\\')) return this.#continued(value.slice(0, -1))
    const start = value.search(/[#;]/)
    if (start === -1) return unquoted(value)
    this.#comment += value.slice(start)
    return unquoted(trimEnd(value.slice(0, start)))
  }

  #quoted(line: string, quote: string): string {
    const end = line.lastIndexOf(quote)
    if (end !== -1) return line.slice(0, end)
    let value = `${line}\n`
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const close = next.lastIndexOf(quote)
      const continues = close !== -1 && trim(next.slice(close + quote.length)).endsWith('\\')
      if (close !== -1 && !continues) {
        this.#comment += trim(commentIn(next.slice(close)))
        return value + next.slice(0, close)
      }
      value += `${next}\n`
    }
    throw new SourceError('a value of the INI has no closing quote')
  }

  #continued(start: string): string {
    let value = start
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const line = trim(next)
      value += line
      if (line === '' || !value.endsWith('\\')) break
      value = value.slice(0, -1)
    }
    return value
  }
}

function newSection(key: string): Entry & { value: MapNode } {
  return { kind: 'entry', key, value: { kind: 'map', items: [] } }
}

function commentIn(text: string): string {
  const start = text.search(/[#;]/)
  return start === -1 ? '' : text.slice(start)
}

/** The name, which may be in quotes, and what follows the delimiter. */
function splitKey(line: string): { name: string; rest: string } {
  const quote = /^"""(?=....)|^["`]/s.exec(line)?.[0] ?? ''
  const close = quote === '' ? 0 : line.indexOf(quote, quote.length)
  if (close === -1) throw new SourceError('a key of the INI has no closing quote')
  const delimiter = line.slice(close).search(/[=:]/)
  if (delimiter === -1)
    throw new SourceError('a line of the INI is neither a section, a comment nor KEY = VALUE')
  const end = close + delimiter
  return { name: trim(line.slice(quote.length, quote === '' ? end : close)), rest: line.slice(end + 1) }
}

/** A pair of quotes around a value that has no other of them. */
function unquoted(value: string): string {
  const quote = value.slice(0, 1)
  const quoted = value.length >= 2 && (quote === '"' || quote === "'")
  return quoted && value.indexOf(quote, 1) === value.length - 1 ? value.slice(1, -1) : value
}
