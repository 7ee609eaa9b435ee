/** One line of the audit trail: what was asked, by whom, and how it was decided. Never content. */
export interface AuditRecord {
  /** Counts from 1 per server; a folded record gets a new number when its count grows. */
  readonly seq: number
  /** RFC 3339, UTC. */
  readonly time: string
  readonly secret: string
  readonly operation: 'open' | 'read'
  readonly decision: 'allowed' | 'denied' | 'failed'
  readonly rule: string
  readonly reason: string
  /** `null`: the caller is in no unit, or it couldn't be found out. */
  readonly unit: string | null
  readonly userUnit: string | null
  /** systemd's invocation id of the unit, where it can be read. */
  readonly invocation: string | null
  readonly pid: number | null
  readonly tid: number
  readonly uid: number
  readonly gid: number
  readonly comm: string | null
  readonly exe: string | null
  /** How many identical refusals this record stands for. */
  readonly count: number
}

export type AuditEvent = Omit<AuditRecord, 'seq' | 'time' | 'count'>
