import pico from 'picocolors'
import { HushfsError, reasonOf } from '../base/errors.ts'
import { oneLine } from '../base/log.ts'
import type { GlobalOptions } from './command.ts'

/** Where a command says things: results on standard output, messages on standard error. */
export interface Output {
  /** `--json`: results are one JSON document and nothing else. */
  readonly json: boolean
  /** Colours of standard output; identity functions where it isn't a terminal. */
  readonly colours: ReturnType<typeof pico.createColors>
  /** A line of the result. */
  line(text: string): void
  /** The result as one JSON document. */
  document(value: unknown): void
  /** Bytes of the result, as they are; resolves when they are written. */
  bytes(value: Uint8Array): Promise<void>
  /** A message for people, on standard error. */
  note(message: string): void
  warning(message: string): void
  /** A progress bar on standard error, where that is a terminal and the work has more than a few steps. */
  progress(what: string, total: number): Promise<Progress>
}

export interface Progress {
  /** One more step is done. */
  step(): void
  /** So many steps are done. */
  reach(done: number): void
  /** Removes the bar; call it in `finally`. */
  stop(): void
}

/** Fewer steps than this need no bar. */
const BAR_FROM = 20

const NO_BAR: Progress = { step: () => undefined, reach: () => undefined, stop: () => undefined }

export function createOutput(options: Pick<GlobalOptions, 'json'>): Output {
  return {
    json: options.json,
    colours: pico.createColors(wantsColours(process.stdout)),
    line: (text) => void process.stdout.write(`${text}\n`),
    document: (value) => void process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`),
    bytes: (value) =>
      new Promise((resolve) => {
        process.stdout.write(value, () => resolve())
      }),
    note: (message) => say(oneLine(message)),
    warning: (message) => say(`${errorColours().yellow('warning:')} ${oneLine(message)}`),
    progress: createProgress,
  }
}

/** The last words of a command that failed: the reason, one line per problem, the hint, and with `--debug` the stack. */
export function reportError(error: unknown, debug: boolean): void {
  const mark = errorColours().red('error:')
  for (const line of reasonOf(error).split('\n')) say(`${mark} ${oneLine(line)}`)
  if (error instanceof HushfsError && error.hint !== undefined) say(`hint: ${oneLine(error.hint)}`)
  if (debug) writeStack(error)
  else if (!(error instanceof HushfsError)) say('hint: --debug shows where this comes from')
}

function writeStack(error: unknown): void {
  for (let at = error; at instanceof Error; at = at.cause) process.stderr.write(`${at.stack ?? at.message}\n`)
}

function say(text: string): void {
  process.stderr.write(`hushfs: ${text}\n`)
}

function errorColours(): ReturnType<typeof pico.createColors> {
  return pico.createColors(wantsColours(process.stderr))
}

/** https://no-color.org: set and not empty. */
function wantsColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
}

async function createProgress(what: string, total: number): Promise<Progress> {
  if (!process.stderr.isTTY || total < BAR_FROM) return NO_BAR
  const { SingleBar } = (await import('cli-progress')).default
  const bar = new SingleBar({ format: `${what} [{bar}] {value}/{total}`, clearOnComplete: true })
  bar.start(total, 0)
  return { step: () => bar.increment(), reach: (done) => bar.update(done), stop: () => bar.stop() }
}
