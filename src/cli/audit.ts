import { setTimeout } from 'node:timers/promises'
import type { AuditRecord } from '../audit/record.ts'
import { MountError } from '../base/errors.ts'
import { loadConfig } from '../config/load.ts'
import { findServer, type Running } from '../daemon/control.ts'
import { globMatches } from '../policy/glob.ts'
import { AuditFollower } from './audit-follower.ts'
import { jsonOf, lineOf } from './audit-line.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput, type Output } from './output.ts'

interface AuditOptions extends GlobalOptions {
  mountpoint: string | undefined
  follow: boolean
  secret: string | undefined
  unit: string | undefined
  denied: boolean
}

export const command: Command<AuditOptions> = {
  builder: (yargs) =>
    yargs
      .positional('mountpoint', {
        type: 'string',
        describe: 'The mounted folder, instead of the configured one',
      })
      .option('follow', {
        alias: 'f',
        type: 'boolean',
        default: false,
        describe: 'Go on with new records as they come, until Ctrl-C',
      })
      .option('secret', {
        type: 'string',
        requiresArg: true,
        describe: 'Only of this secret; * and ? are wildcards',
      })
      .option('unit', {
        type: 'string',
        requiresArg: true,
        describe: "Only of this unit, the system's or a user's; * and ? are wildcards",
      })
      .option('denied', { type: 'boolean', default: false, describe: 'Only refusals' })
      .example('$0 audit --denied', 'who was refused lately, and why')
      .example('$0 audit -f --secret "db/*"', 'who opens these secrets, as it happens')
      .example('$0 audit --json | jq -r .unit | sort | uniq -c', 'opens and refusals by unit')
      .epilogue(
        'A record stands for one open, or for identical refusals with their number. The server keeps the last 1,000; the journal has what it was sent. With --json each record is one line of JSON, with more fields than people are shown.',
      ),
  handler: (args) => audit(args),
}

async function audit(args: AuditOptions): Promise<void> {
  const output = createOutput(args)
  const server = await findServer(args.mountpoint ?? loadConfig(args.config).mountPoint)
  const show = (records: readonly AuditRecord[]) => {
    for (const record of records.filter((one) => matches(one, args)))
      output.line(output.json ? jsonOf(record) : lineOf(record, output.colours))
  }
  if (args.follow) await follow(server, show, output)
  else show(await server.audit())
}

const POLL_MILLISECONDS = 250

/** The file can't be watched: the kernel tells nobody of a change that no write made. */
async function follow(
  first: Running,
  show: (records: readonly AuditRecord[]) => void,
  output: Output,
): Promise<never> {
  const follower = new AuditFollower()
  let server: Running | undefined = first
  for (;;) {
    try {
      server ??= await findServer(first.place)
      const { records, missed } = await follower.next(server)
      if (missed) output.warning('records came faster than they could be shown: the journal has them all')
      show(records)
    } catch (error) {
      if (!(error instanceof MountError)) throw error
      if (server !== undefined) output.note(`${first.place}: waiting for a server`)
      server = undefined
    }
    await setTimeout(POLL_MILLISECONDS)
  }
}

function matches(record: AuditRecord, { secret, unit, denied }: AuditOptions): boolean {
  if (denied && record.decision !== 'denied') return false
  if (secret !== undefined && !globMatches(secret, record.secret)) return false
  if (unit === undefined) return true
  return [record.unit, record.userUnit].some((name) => name !== null && globMatches(unit, name))
}
