/** Several measurements of one thing. */
export interface Spread {
  readonly median: number
  readonly quartiles: readonly [number, number]
  readonly extremes: readonly [number, number]
}

/** Quantiles are interpolated between neighbours. Throws RangeError for no value at all. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (part: number) => quantile(sorted, part)
  return { median: at(0.5), quartiles: [at(0.25), at(0.75)], extremes: [at(0), at(1)] }
}

function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part
  const low = sorted[Math.floor(place)]
  const high = sorted[Math.ceil(place)]
  if (low === undefined || high === undefined) throw new RangeError('no values to summarise')
  return low + (high - low) * (place - Math.floor(place))
}

/** `153 (148 to 160)`: the median and the quartiles, with the given number of decimals. */
export function describeSpread({ median, quartiles: [low, high] }: Spread, decimals: number): string {
  return `${median.toFixed(decimals)} (${low.toFixed(decimals)} to ${high.toFixed(decimals)})`
}
