import { writeSync } from 'node:fs'

export type Level = 'error' | 'warning' | 'notice' | 'info' | 'debug'

/** Syslog priorities, which systemd reads as a prefix `<N>` (sd-daemon(3)). */
const priorities: Record<Level, number> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 }

export interface Log {
  error(message: string): void
  warning(message: string): void
  notice(message: string): void
  info(message: string): void
  debug(message: string): void
}

export interface LogOptions {
  /** Messages above this level are dropped; default `info`. */
  readonly level?: Level
  /** Write systemd's `<N>` prefix; default: when standard error is the journal (`JOURNAL_STREAM`). */
  readonly journal?: boolean
  /** Takes one whole line with its newline; default: standard error. */
  readonly write?: (line: string) => void
}

/** A log of one-line messages for people and for the journal. Control characters are escaped, so a line is one record. */
export function createLog(options: LogOptions = {}): Log {
  const most = priorities[options.level ?? 'info']
  const journal = options.journal ?? process.env['JOURNAL_STREAM'] !== undefined
  const write = options.write ?? writeToStderr
  const at = (level: Level) => (message: string) => {
    if (priorities[level] > most) return
    const text = level === 'error' || level === 'warning' ? `${level}: ${message}` : message
    write(journal ? `<${priorities[level]}>${oneLine(message)}\n` : `hushfs: ${oneLine(text)}\n`)
  }
  return {
    error: at('error'),
    warning: at('warning'),
    notice: at('notice'),
    info: at('info'),
    debug: at('debug'),
  }
}

/** Names and paths come from outside: escape what could forge another record or drive a terminal. */
export function oneLine(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** Whole or not at all: a closed or full standard error must not end the server. */
function writeToStderr(line: string): void {
  try {
    writeSync(2, line)
  } catch {
    // Nowhere left to say it.
  }
}
