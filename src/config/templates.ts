import { resolve } from 'node:path'
import { readBoundedFile } from '../base/bounded-file.ts'
import type { Config, SecretConfig, Terms } from './config.ts'
import type { Problem } from './problems.ts'
import { widerThan } from './rule-width.ts'
import type { TemplateInput } from './schema.ts'
import { inputsOf } from './template-inputs.ts'
import { TermsMaker } from './terms.ts'
import { parseTemplate, type TemplateProblem } from './template-parse.ts'

/** Product contract: what is served has at most 1 MiB. */
const MOST_BYTES = 1 << 20

interface Resolved {
  readonly secrets: readonly SecretConfig[]
  readonly problems: readonly Problem[]
}

/**
 * The templates of a checked document as secrets. A problem: a file that can't be read, a placeholder that names nothing, a unit rule that is
 * wider than that of a secret in it.
 */
export function resolveTemplates(
  { folder, secrets }: Config,
  inputs: Readonly<Record<string, TemplateInput>>,
): Resolved {
  if (Object.keys(inputs).length === 0) return { secrets: [], problems: [] }
  const known = new Map(secrets.map((secret) => [secret.name, secret]))
  const terms = new TermsMaker()
  const all = Object.entries(inputs).map(([name, input]) =>
    resolveTemplate(name, input, terms.of(input), folder, known),
  )
  return {
    secrets: all.flatMap((resolved) => resolved.secrets),
    problems: all.flatMap((resolved) => resolved.problems),
  }
}

function resolveTemplate(
  name: string,
  input: TemplateInput,
  terms: Terms,
  folder: string,
  known: ReadonlyMap<string, SecretConfig>,
): Resolved {
  const path = ['templates', name]
  const file = input.file === undefined ? undefined : resolve(folder, input.file)
  const text = file === undefined ? binary(input.content ?? '') : readText(file)
  if (typeof text !== 'string')
    return { secrets: [], problems: [{ path: [...path, 'file'], message: text.unread }] }
  const { parts, problems } = parseTemplate(text, known)
  const template: SecretConfig = { name, source: { kind: 'template', parts }, terms }
  const found = problems.map((problem): Problem =>
    file === undefined
      ? { path: [...path, 'content'], message: problem.message }
      : { path: [...path, 'file'], message: `${file}:${placeIn(text, problem)}: ${problem.message}` },
  )
  return { secrets: [template], problems: [...found, ...wider(template, known)] }
}

/** One character for each byte, so that a file need not be text. */
function binary(text: string): string {
  return Buffer.from(text).toString('latin1')
}

class Unreadable extends Error {}

/** Its content, or why it can't be read. */
function readText(file: string): string | { readonly unread: string } {
  try {
    return readBoundedFile(file, MOST_BYTES, (message, cause) => new Unreadable(message, { cause })).toString(
      'latin1',
    )
  } catch (error) {
    if (error instanceof Unreadable) return { unread: error.message }
    throw error
  }
}

/** Line and column, from 1. */
function placeIn(text: string, { offset }: TemplateProblem): string {
  const before = text.slice(0, offset).split('\n')
  const column = Buffer.from(before.at(-1) ?? '', 'latin1').toString('utf8').length + 1
  return `${before.length}:${column}`
}

function wider(template: SecretConfig, known: ReadonlyMap<string, SecretConfig>): Problem[] {
  return inputsOf(template.source).flatMap((name): Problem[] => {
    const secret = known.get(name)
    const found = secret && widerThan(secret.terms, template.terms)
    if (found === undefined) return []
    const message = `its unit rule is wider than that of the secret \`${name}\` in it: ${found.reason}`
    return [{ path: ['templates', template.name, found.key], message }]
  })
}
