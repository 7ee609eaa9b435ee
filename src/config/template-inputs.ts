import type { SecretConfig, SourceSpec } from './config.ts'

/** The names of the secrets that a source is made of, each once: of a template, those in it. */
export function inputsOf(source: SourceSpec): string[] {
  if (source.kind !== 'template') return []
  return [...new Set(source.parts.flatMap((part) => ('secret' in part ? [part.secret] : [])))]
}

/** These indexes, and those of the templates that are made of one of these secrets: when it changes, they do. */
export function withTemplates(
  secrets: readonly Pick<SecretConfig, 'name' | 'source'>[],
  indexes: readonly number[],
): number[] {
  const names = new Set(indexes.map((index) => secrets[index]?.name))
  const templates: number[] = []
  for (const [index, { source }] of secrets.entries())
    if (inputsOf(source).some((name) => names.has(name))) templates.push(index)
  return [...new Set([...indexes, ...templates])]
}
