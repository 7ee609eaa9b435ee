import { SourceError, UnavailableError } from '../base/errors.ts'
import type { ExecSpec } from '../config/config.ts'
import { CommandError, findProgram, runCommand, SEARCH_PATH } from './command.ts'
import type { Source } from './source.ts'
import { StderrLines } from './stderr-lines.ts'

/**
 * Standard output of a command, byte for byte. A command that fails may do better later, so it is unavailable. What it writes to standard error
 * goes to the log.
 */
export const execSource: Source<ExecSpec> = {
  async open({ command, environment, timeout }, secretName, { log }) {
    const [name = '', ...args] = command
    const program = findProgram(name)
    if (program === undefined) throw new SourceError(`there is no ${name} in ${SEARCH_PATH.join(':')}`)
    const lines = new StderrLines((line) => log?.warning(`secret ${secretName}: ${name}: ${line}`))
    try {
      return await runCommand({
        program,
        args,
        environment,
        timeout: timeout * 1000,
        onStderr: (piece) => {
          lines.push(piece)
        },
      })
    } catch (error) {
      if (error instanceof CommandError)
        throw new UnavailableError(`${name}: ${error.message}`, { cause: error })
      if (error instanceof SourceError) throw new SourceError(`${name}: ${error.message}`, { cause: error })
      throw error
    } finally {
      lines.end()
    }
  },
}
