/** Times as Go's time package reads and writes them. */
export interface GoTime {
  readonly date: readonly [year: number, month: number, day: number]
  readonly clock: readonly [hour: number, minute: number, second: number]
  /** Digits of the second's fraction, at most nine, without trailing zeros. */
  readonly fraction: string
  /** Minutes east of UTC. */
  readonly offset: number
}

const ZONE = '(Z|[+-][0-9]{2}:[0-9]{2})'
const FRACTION = '(?:[.,]([0-9]+))?'
const STRICT = new RegExp(
  `^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})${FRACTION}${ZONE}$`,
)

/** The layouts of yaml.v3 (resolve.go, allowedTimestampFormats): short fields, `t`, a space without a zone, a date alone. */
const DATE = '([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})'
const CLOCK = `([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})${FRACTION}`
const YAML = [
  new RegExp(`^${DATE}[Tt]${CLOCK}${ZONE}$`),
  new RegExp(`^${DATE} ${CLOCK}$`),
  new RegExp(`^${DATE}$`),
]

/** time.Time.UnmarshalText. */
export function parseRfc3339(text: string): GoTime | undefined {
  return timeOf(STRICT.exec(text))
}

/** A plain YAML scalar that yaml.v3 takes for a time. */
export function parseYamlTime(text: string): GoTime | undefined {
  return timeOf(YAML.map((layout) => layout.exec(text)).find((match) => match !== null) ?? null)
}

function timeOf(match: RegExpExecArray | null): GoTime | undefined {
  if (match === null) return undefined
  const number = (index: number) => Number(match[index] ?? 0)
  const date = [number(1), number(2), number(3)] as const
  const clock = [number(4), number(5), number(6)] as const
  const offset = offsetOf(match[8] ?? 'Z')
  if (!isDate(date) || clock[0] > 23 || clock[1] > 59 || clock[2] > 59) return undefined
  if (offset === undefined) return undefined
  const fraction = (match[7] ?? '').slice(0, 9).replace(/0+$/, '')
  return { date, clock, fraction, offset }
}

function isDate([year, month, day]: GoTime['date']): boolean {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return month >= 1 && day >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))]
  if (hours > 24 || minutes > 60) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** time.RFC3339Nano: no trailing zeros, `Z` for UTC. */
export function formatTime({ date, clock, fraction, offset }: GoTime): string {
  const [year, month, day] = date
  const day3 = `${pad(year, 4)}-${pad(month)}-${pad(day)}`
  const rest = fraction === '' ? '' : `.${fraction}`
  return `${day3}T${clock.map((part) => pad(part)).join(':')}${rest}${formatZone(offset)}`
}

function formatZone(offset: number): string {
  if (offset === 0) return 'Z'
  const minutes = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}
