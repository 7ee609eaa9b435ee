import type { TemplateFilter, TemplatePart } from './config.ts'
import { nearestOf } from './problems.ts'

export const templateFilters: readonly TemplateFilter[] = ['json', 'shell', 'base64', 'urlencode', 'systemd']

/** Something wrong at an offset of the text. */
export interface TemplateProblem {
  readonly offset: number
  readonly message: string
}

export interface ParsedTemplate {
  readonly parts: readonly TemplatePart[]
  readonly problems: readonly TemplateProblem[]
}

const START = '${hushfs:'

/**
 * Split a text into what stays and placeholders: `${hushfs:NAME}` or `${hushfs:NAME|FILTER}`, without spaces, on one line. The keys of `secrets`
 * are the names that may stand there. The text has one character for each byte.
 */
export function parseTemplate(text: string, secrets: ReadonlyMap<string, unknown>): ParsedTemplate {
  const parts: TemplatePart[] = []
  const problems: TemplateProblem[] = []
  let at = 0
  for (let start = text.indexOf(START); start >= 0; start = text.indexOf(START, at)) {
    if (start > at) parts.push({ literal: text.slice(at, start) })
    const end = endOf(text, start)
    if (end === undefined) {
      problems.push({ offset: start, message: 'this placeholder has no `}`' })
      return { parts, problems }
    }
    const part = placeholderOf(text.slice(start + START.length, end), secrets)
    if (typeof part === 'string') problems.push({ offset: start, message: part })
    else parts.push(part)
    at = end + 1
  }
  if (at < text.length) parts.push({ literal: text.slice(at) })
  return { parts, problems }
}

/** Of the closing brace on the same line. */
function endOf(text: string, start: number): number | undefined {
  const end = text.indexOf('}', start)
  const newline = text.indexOf('\n', start)
  return end < 0 || (newline >= 0 && newline < end) ? undefined : end
}

/** The placeholder, or what is wrong with it. */
function placeholderOf(inside: string, secrets: ReadonlyMap<string, unknown>): TemplatePart | string {
  const bar = inside.indexOf('|')
  const secret = bar < 0 ? inside : inside.slice(0, bar)
  if (!secrets.has(secret))
    return withGuess(`there is no secret \`${shown(secret)}\``, secret, [...secrets.keys()])
  if (bar < 0) return { secret, filter: undefined }
  const word = inside.slice(bar + 1)
  const filter = templateFilters.find((known) => known === word)
  if (filter !== undefined) return { secret, filter }
  const expected = `expected one of ${templateFilters.join(', ')}`
  return withGuess(`there is no filter \`${shown(word)}\`; ${expected}`, word, templateFilters)
}

function withGuess(problem: string, word: string, known: readonly string[]): string {
  const near = nearestOf(word.slice(0, MOST_SHOWN), known)
  return near === undefined ? problem : `${problem}; did you mean \`${near}\`?`
}

const MOST_SHOWN = 255

/** Printable, and no longer than a name. */
function shown(word: string): string {
  return word.slice(0, MOST_SHOWN).replace(/[^\x20-\x7e]/g, '?')
}
