import type { Counted, StatusFacts } from './worker-protocol.ts'

/** For `systemctl status`: `23 secrets, 2 failing, 1,204 reads, 3 refused`. */
export function statusLine(secrets: StatusFacts['secrets'], counters?: Counted): string {
  const { total, failing, stale, pending } = secrets
  const parts: [count: number, what: string, always: boolean][] = [
    [total, 'secrets', true],
    [failing, 'failing', true],
    [stale, 'stale', false],
    [pending, 'being opened', false],
    [counters?.reads ?? 0, 'reads', true],
    [counters?.refused ?? 0, 'refused', true],
  ]
  return parts
    .filter(([count, , always]) => always || count > 0)
    .map(([count, what]) => `${count.toLocaleString('en-US')} ${what}`)
    .join(', ')
}
