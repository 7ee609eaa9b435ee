import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A program of the built package: beside the bundle that asks, or in dist/ when the sources run unbundled. */
export function distFile(name: string): string {
  const beside = fileURLToPath(new URL(`./${name}`, import.meta.url))
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../dist/${name}`, import.meta.url))
}
