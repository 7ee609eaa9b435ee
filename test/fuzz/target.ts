/** One parser that is fuzzed. It is bundled with counters in its code and that of its parsers (instrument.ts). */
export interface Target {
  /** Give the input to the parser. */
  run(input: Buffer): unknown
  /** Is this the parser's own class of error? Whatever else is thrown is a finding. */
  readonly expects: (error: unknown) => boolean
}

/** A parser of ours that recurses ends a deep nesting so; its callers have this error become their own. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Maximum call stack size exceeded'
}
