import { oneLine } from '../base/log.ts'
import { loadConfig } from '../config/load.ts'
import { findServer } from '../daemon/control.ts'
import type { Status } from '../daemon/worker-protocol.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput, type Output } from './output.ts'

interface StatusOptions extends GlobalOptions {
  mountpoint: string | undefined
}

export const command: Command<StatusOptions> = {
  builder: (yargs) =>
    yargs
      .positional('mountpoint', {
        type: 'string',
        describe: 'The mounted folder, instead of the configured one',
      })
      .example('$0 status', 'what is served at the mount point of /etc/hushfs/hushfs.yaml')
      .example("$0 status --json | jq '.failing[]'", 'the secrets that have no value, and why')
      .epilogue('The exit status is 1 when nothing is mounted there or the server does not answer.'),
  handler: async (args) => {
    const output = createOutput(args)
    const server = await findServer(args.mountpoint ?? loadConfig(args.config).mountPoint)
    const status = await server.status()
    if (output.json) output.document(status)
    else report(output, status)
  },
}

const LABEL_WIDTH = 13

function report(output: Output, status: Status): void {
  const row = (label: string, text: string) => {
    output.line(label.padEnd(LABEL_WIDTH) + oneLine(text))
  }
  const { secrets, failing, stale, counters } = status
  const { red, yellow } = output.colours
  const trouble = (mark: string, { name, reason, since }: Status['failing'][number]) => {
    output.line(`  ${mark}  ${name}${since === null ? '' : ` since ${since}`}: ${oneLine(reason)}`)
  }
  row('mount', status.mountPoint)
  row('server', `pid ${status.pid}, version ${status.version}`)
  row('since', status.startedAt)
  row('config', status.config)
  row('secrets', `${secrets.total} (${troublesOf(secrets)})`)
  for (const entry of failing) trouble(red('failing'), entry)
  for (const entry of stale) trouble(yellow('stale  '), entry)
  row('opens', `${counters.opens} (${counters.refused} refused)`)
  row('reads', String(counters.reads))
  row('errors', String(counters.errors))
  row('audit', `${counters.auditDropped} records dropped`)
  row('last reload', lastReload(status.reloads))
}

function troublesOf({ failing, stale, pending }: Status['secrets']): string {
  const others = [
    [stale, 'stale'],
    [pending, 'being opened'],
  ].filter(([count]) => count !== 0)
  return [[failing, 'failing'], ...others].map((words) => words.join(' ')).join(', ')
}

function lastReload({ count, last }: Status['reloads']): string {
  if (last === null) return 'none'
  const outcome = last.exitStatus === 0 ? 'done' : `failed, nothing changed: ${last.reason ?? ''}`
  return `${last.at} (number ${count}): ${outcome}`
}
