/** Panels of horizontal bars on one scale, which starts at zero. */
export interface BarPlot {
  readonly heading: string
  readonly footing: string
  readonly panels: readonly { readonly title: string; readonly bars: readonly Bar[] }[]
}

export interface Bar {
  readonly label: string
  /** The one that the plot is about. */
  readonly accent: boolean
  readonly value: number
  /** Where a thin line after the bar ends. */
  readonly whisker: number
  /** Written after the whisker. */
  readonly note: string
}

const WIDTH = 820
const LABELS = 190
const NOTES = 150
const ROW = 30
const BAR_HEIGHT = 18
const PANEL_HEAD = 40
const HEAD = 40
const FOOT = 34

/** An SVG document without background, in colours that can be read on white and on black. */
export function plotBars(plot: BarPlot): string {
  const longest = Math.max(
    ...plot.panels.flatMap(({ bars }) => bars.map(({ value, whisker }) => Math.max(value, whisker))),
  )
  const scale = (WIDTH - LABELS - NOTES) / longest
  let top = HEAD
  const panels = plot.panels.map((panel) => {
    const start = top
    top += PANEL_HEAD + panel.bars.length * ROW
    const rows = panel.bars.map((bar, index) => drawBar(bar, start + PANEL_HEAD + index * ROW, scale))
    return [text(8, start + PANEL_HEAD - 12, panel.title, 'class="panel"'), ...rows].join('\n')
  })
  const height = top + FOOT
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(plot.heading)}</title>`,
    '<style>text{font:13px system-ui,sans-serif;fill:#7d8590}.head{font-size:15px;font-weight:600}.panel{font-weight:600}.accent{font-weight:600;fill:#2da44e}</style>',
    text(8, 24, plot.heading, 'class="head"'),
    ...panels,
    text(8, height - 12, plot.footing, ''),
    '</svg>',
    '',
  ].join('\n')
}

function drawBar(bar: Bar, top: number, scale: number): string {
  const colour = bar.accent ? '#2da44e' : '#8c959f'
  const style = bar.accent ? 'class="accent"' : ''
  const end = LABELS + bar.value * scale
  const tip = LABELS + Math.max(bar.value, bar.whisker) * scale
  const middle = top + BAR_HEIGHT / 2
  const base = middle + 4.5
  return [
    text(LABELS - 10, base, bar.label, `text-anchor="end" ${style}`),
    `<rect x="${LABELS}" y="${top}" width="${fixed(end - LABELS)}" height="${BAR_HEIGHT}" rx="2" fill="${colour}"/>`,
    `<path d="M${fixed(end)} ${middle}H${fixed(tip)}M${fixed(tip)} ${middle - 5}v10" stroke="${colour}" stroke-width="1.5"/>`,
    text(tip + 8, base, bar.note, style),
  ].join('\n')
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escape(content)}</text>`
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)))
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
