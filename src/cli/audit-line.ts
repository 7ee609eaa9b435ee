import type { AuditRecord } from '../audit/record.ts'
import { oneLine } from '../base/log.ts'
import type { Output } from './output.ts'

const DECISION_WIDTH = 'allowed'.length

/** A record for people, in one line whatever the reader calls itself. */
export function lineOf(record: AuditRecord, colours: Output['colours']): string {
  const colour = { allowed: colours.green, denied: colours.red, failed: colours.yellow }[record.decision]
  const { time, decision, operation, secret, uid, reason, count } = record
  const parts = [
    time,
    colour(decision.padEnd(DECISION_WIDTH)),
    operation,
    secret,
    unitOf(record),
    `${oneLine(record.comm ?? '?')}[${record.pid ?? record.tid}]`,
    `uid ${uid}`,
    oneLine(reason),
    ...(count === 1 ? [] : [`×${count}`]),
  ]
  return parts.join('  ')
}

/** The same as a line of JSON; the escapes of JSON leave out what a terminal takes for commands (C1). */
export function jsonOf(record: AuditRecord): string {
  return JSON.stringify(record).replace(
    /[\u007f-\u009f]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A unit of a user's manager after the unit of that manager. */
function unitOf({ unit, userUnit }: AuditRecord): string {
  const names = [unit ?? '-', ...(userUnit === null ? [] : [userUnit])]
  return names.map(oneLine).join('/')
}
