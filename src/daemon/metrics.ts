import type { Status } from './worker-protocol.ts'

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

/** `.hushfs/metrics`: what `status.json` says, in the text format of Prometheus (version 0.0.4). */
export function metricsText(status: Status): string {
  const { secrets, counters, reloads, startedAt } = status
  const since = (time: string | null) => (time === null ? 0 : Date.parse(time) / 1000)
  const troubles = (of: Status['failing']): Sample[] =>
    of.map(({ name, since: time }) => [{ secret: name }, since(time)])
  return [
    gauge('info', 'The version that runs.', [[{ version: status.version }, 1]]),
    gauge('start_time_seconds', 'When this server started.', only(since(startedAt))),
    gauge('secrets', 'Secrets that are configured.', only(secrets.total)),
    gauge('secrets_failing', 'Secrets without a value.', only(secrets.failing)),
    gauge(
      'secrets_stale',
      "Secrets whose last value is served: their source can't be asked.",
      only(secrets.stale),
    ),
    gauge('secrets_pending', 'Secrets that are being opened for the first time.', only(secrets.pending)),
    gauge(
      'secret_failing_since_seconds',
      'A secret without a value, and since when.',
      troubles(status.failing),
    ),
    gauge('secret_stale_since_seconds', 'A secret that is stale, and since when.', troubles(status.stale)),
    counter('opens_total', 'Opens, those with an error too.', counters.opens),
    counter('reads_total', 'Reads, those with an error too.', counters.reads),
    counter('errors_total', 'Opens and reads that were answered with an error.', counters.errors),
    counter('refused_total', 'Opens and reads by who may not.', counters.refused),
    counter(
      'audit_dropped_total',
      'Audit records that standard output was too slow for.',
      counters.auditDropped,
    ),
    counter(
      'polling_seconds_total',
      'Processor time spent polling for requests.',
      counters.polledMilliseconds / 1000,
    ),
    counter('reloads_total', 'Reloads, failed ones too.', reloads.count),
    gauge(
      'reload_success',
      'Did the last reload succeed?',
      only(reloads.last === null || reloads.last.exitStatus === 0 ? 1 : 0),
    ),
  ].join('')
}

function only(value: number): Sample[] {
  return [[{}, value]]
}

function counter(name: string, help: string, value: number): string {
  return family('counter', name, help, only(value))
}

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  return family('gauge', name, help, samples)
}

function family(type: string, name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `hushfs_${name}${labelsOf(labels)} ${value}\n`)
  return `# HELP hushfs_${name} ${help}\n# TYPE hushfs_${name} ${type}\n${lines.join('')}`
}

/** Names of secrets and versions have no character that would need an escape. */
function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
