import { plotBars } from './bars.ts'
import { ratios } from './rounds.ts'
import { describeSpread, spreadOf, type Spread } from './spread.ts'

/** One figure of one subject, and how it compares with the same figure of another in the same round. */
export interface Compared {
  readonly id: string
  readonly title: string
  readonly value: Spread
  readonly ratio: Spread
}

/** Of each subject that was measured; ratios refer to the one with the id `base`. */
export function compare<Sample>(
  samples: ReadonlyMap<{ readonly id: string; readonly title: string }, readonly Sample[]>,
  base: string,
  figure: (sample: Sample) => number,
): Compared[] {
  const baseline = [...samples].find(([{ id }]) => id === base)?.[1].map(figure) ?? []
  return [...samples].map(([{ id, title }, all]) => {
    const values = all.map(figure)
    return { id, title, value: spreadOf(values), ratio: spreadOf(ratios(values, baseline)) }
  })
}

/** Cells of a row: the ratio, then the figure. */
export function compareCells({ value, ratio }: Compared, decimals: number): string[] {
  return [describeSpread(ratio, 2), describeSpread(value, decimals)]
}

/** One panel of bars; whiskers end at the upper quartile. `unit` follows each figure. */
export function plotCompared(
  heading: string,
  footing: string,
  panels: readonly { readonly title: string; readonly rows: readonly Compared[] }[],
  unit: string,
  decimals = 1,
): string {
  return plotBars({
    heading,
    footing,
    panels: panels.map(({ title, rows }) => ({
      title,
      bars: rows.map((row) => ({
        label: row.title,
        accent: row.id.startsWith('hushfs'),
        value: row.value.median,
        whisker: row.value.quartiles[1],
        note: `${row.value.median.toLocaleString('en', { maximumFractionDigits: decimals })} ${unit} (${row.ratio.median.toFixed(2)} ×)`,
      })),
    })),
  })
}
