import type { SecretConfig, SourceSpec } from './config.ts'

/** The names of the secrets that a source is made of, each once: of a template, those in it. */
export function inputsOf(source: SourceSpec): string[] {
  if (source.kind !== 'template') return []
  return [...new Set(source.parts.flatMap((part) => ('secret' in part ? [part.secret] : [])))]
}

/** These indexes, which differ, and those of the templates that are made of one of these secrets: when it changes, they do. */
export function withTemplates(
  secrets: readonly Pick<SecretConfig, 'name' | 'source'>[],
  indexes: readonly number[],
): number[] {
  const all: number[] = []
  for (const [index, { source }] of secrets.entries()) if (source.kind === 'template') all.push(index)
  if (all.length === 0) return [...indexes]
  const names = new Set(indexes.map((index) => secrets[index]?.name))
  const templates = all.filter((index) => {
    const source = secrets[index]?.source
    return source !== undefined && inputsOf(source).some((name) => names.has(name))
  })
  return [...new Set([...indexes, ...templates])]
}
