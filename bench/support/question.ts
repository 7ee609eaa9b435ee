import type { Cleanup } from './cleanup.ts'

export interface Effort {
  /** A look whether everything works: few rounds, nothing is written. */
  readonly quick: boolean
}

/** One question, one file; `Result` is what results/NAME.json holds. */
export interface Question<Result> {
  readonly name: string
  run(effort: Effort, cleanup: Cleanup): Promise<Result>
  /** The answer in Markdown that a terminal shows well too, the ratio first. */
  report(result: Result): string
  /** An SVG document for results/NAME.svg. */
  plot?(result: Result, title: string): string
}
