import { ConfigError, type Place } from '../base/errors.ts'
import type { Config } from './config.ts'
import { createLocator } from './locate.ts'
import { parseDocument } from './parse.ts'
import { describePath, type Problem } from './problems.ts'
import { readConfigText } from './read.ts'
import { resolveDocument } from './resolve.ts'
import type { DocumentInput } from './schema.ts'
import { resolveTemplates } from './templates.ts'
import { problemsIn } from './validate.ts'

export type { Config, ReadsRule, SecretConfig, SourceKind, SourceSpec, VaultConfig } from './config.ts'

/** Read, check and complete a configuration. Throws one `ConfigError` with a line for each problem. */
export function loadConfig(file: string): Config {
  return configOf(file, readConfigText(file))
}

/** The configuration that `text` would be as the content of `file`. Throws as `loadConfig`. */
export function configOf(file: string, text: string): Config {
  const raw = parseDocument(file, text)
  const problems = problemsIn(raw)
  if (problems.length > 0) throw errorOf(file, text, problems)
  const config = resolveDocument(file, raw as DocumentInput)
  const templates = resolveTemplates(config, (raw as DocumentInput).templates ?? {})
  if (templates.problems.length > 0) throw errorOf(file, text, templates.problems)
  return { ...config, secrets: [...config.secrets, ...templates.secrets] }
}

/** The first problem gives the place of the error; its message has one line for each. */
function errorOf(file: string, text: string, problems: readonly Problem[]): ConfigError {
  const locate = createLocator(text)
  const located = problems
    .map(({ path, message }) => {
      const place: Place = { file, ...nearest(locate, path), ...keyOf(path) }
      return { place, message }
    })
    .sort((a, b) => (a.place.line ?? 0) - (b.place.line ?? 0))
  const [first, ...others] = located
  if (first === undefined) throw new RangeError('no problem to report')
  const rest = others.map(({ place, message }) => new ConfigError(place, message).message)
  return new ConfigError(first.place, [first.message, ...rest].join('\n'))
}

/** The place of a key, or of the map that lacks it. */
function nearest(locate: ReturnType<typeof createLocator>, path: Problem['path']) {
  for (let length = path.length; length >= 0; length--) {
    const position = locate(path.slice(0, length))
    if (position !== undefined) return position
  }
  return {}
}

function keyOf(path: Problem['path']) {
  return path.length === 0 ? {} : { key: describePath(path) }
}
