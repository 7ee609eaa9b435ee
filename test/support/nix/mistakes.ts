import type { Test } from 'tap'
import { tryEvaluate, viewAll } from './evaluate.ts'

/** Modules as Nix text, by what is wrong with them, and the message of the one assertion that fails. */
export type Mistakes = Readonly<Record<string, readonly [module: string, message: RegExp]>>

/** Each of these modules fails by one assertion, with its message. */
export async function failByAssertion(t: Test, mistakes: Mistakes): Promise<void> {
  const modules = Object.entries(mistakes).map(([name, [module]]) => [name, module])
  const views = await viewAll(Object.fromEntries(modules) as Record<string, string>)
  for (const [name, [, message]] of Object.entries(mistakes)) {
    t.equal(views[name]?.failed.length, 1, `${name}: ${views[name]?.failed.join('\n') ?? ''}`)
    t.match(views[name]?.failed[0], message, name)
  }
}

/** The types of these options of `services.hushfs` refuse these values, as Nix text, and the message names the option. */
export async function areRefused(
  t: Test,
  values: readonly (readonly [option: string, value: string])[],
): Promise<void> {
  for (const [option, value] of values) {
    const done = await tryEvaluate(`system.view (system.evaluate { services.hushfs.${option} = ${value}; })`)
    t.match(done.stderr.replaceAll(/\s+/g, ' '), `services.hushfs.${option}`, `${option} = ${value}`)
  }
}
