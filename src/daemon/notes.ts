/** What there is to say of a secret whose condition has changed. */
export interface Note {
  readonly secret: string
  readonly text: string
}

/** So many secrets of which the same is said have a line each. */
const FEW = 20
/** Characters of names in a line: journald.conf(5) splits lines above 48 KiB. */
const MOST_NAMES = 4096

/**
 * Lines for the log; each secret is named in one. What hinders one often hinders all, and journald drops what comes in too many lines at once, whatever else is in
 * them.
 */
export function linesOf(notes: readonly Note[]): string[] {
  const byText = new Map<string, string[]>()
  for (const { secret, text } of notes) {
    const names = byText.get(text)
    if (names === undefined) byText.set(text, [secret])
    else names.push(secret)
  }
  return [...byText].flatMap(([text, names]) =>
    names.length <= FEW
      ? names.map((name) => `secret ${name}: ${text}`)
      : joined(names).map((part) => `secrets ${part}: ${text}`),
  )
}

function joined(names: readonly string[]): string[] {
  const parts: string[] = []
  let part = ''
  for (const name of names) {
    const longer = part === '' ? name : `${part}, ${name}`
    if (longer.length > MOST_NAMES) parts.push(part)
    part = longer.length > MOST_NAMES ? name : longer
  }
  return [...parts, part]
}
