/** Numbers as Go's strconv reads and writes them. */

const INT64_MIN = -(1n << 63n)
const INT64_MAX = (1n << 63n) - 1n

/** Decimal text of what fits into Go's int (64 bits); undefined where it doesn't. */
export function int64Text(value: bigint): string | undefined {
  return value >= INT64_MIN && value <= INT64_MAX ? value.toString() : undefined
}

/** strconv.Atoi: an optional sign and decimal digits. */
export function parseDecimalInt(text: string): string | undefined {
  if (!/^[+-]?[0-9]{1,40}$/.test(text)) return undefined
  return int64Text(BigInt(text.replace('+', '')))
}

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/

/** strconv.ParseFloat of decimal text, infinities and NaN. A finite number that is too large for a float64 is undefined. */
export function parseFloat64(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  switch (text) {
    case '+Inf':
    case 'Inf':
      return Infinity
    case '-Inf':
      return -Infinity
    case 'NaN':
      return NaN
    default:
      return undefined
  }
}

/** strconv.FormatFloat(value, 'f', -1, 64): no exponent, as few digits as tell it from its neighbours. */
export function formatPlain(value: number): string {
  const special = formatSpecial(value)
  if (special !== undefined) return special
  const { sign, digits, exponent } = partsOf(value)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}

/** strconv.FormatFloat(value, 'g', -1, 64): an exponent below 1e-4 and from 1e6 on. */
export function formatGeneral(value: number): string {
  const special = formatSpecial(value)
  if (special !== undefined) return special
  const { sign, digits, exponent } = partsOf(value)
  if (exponent >= -4 && exponent < 6) return formatPlain(value)
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  const power = String(Math.abs(exponent)).padStart(2, '0')
  return `${sign}${digits.slice(0, 1)}${fraction}e${exponent < 0 ? '-' : '+'}${power}`
}

function formatSpecial(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : undefined
}

/** The shortest decimal digits, of which the first has the weight 10^exponent. */
function partsOf(value: number): { sign: string; digits: string; exponent: number } {
  const [mantissa = '', exponent = '0'] = Math.abs(value).toExponential().split('e')
  const negative = value < 0 || Object.is(value, -0)
  return { sign: negative ? '-' : '', digits: mantissa.replace('.', ''), exponent: Number(exponent) }
}
