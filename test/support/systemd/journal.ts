import type { System } from './system.ts'

export interface JournalEntry {
  readonly message: string
  /** Written by a process of the unit on its standard output or error, and not about the unit. */
  readonly isOutput: boolean
}

interface Fields {
  readonly MESSAGE: string | readonly number[] | null
  readonly _TRANSPORT?: string
}

/** The end of the journal, as it is now. */
export async function journalCursor(system: System): Promise<string> {
  const said = await system.output(['journalctl', '--quiet', '--lines=0', '--show-cursor'])
  return said.replace(/^-- cursor: /, '').trim()
}

/** What the journal has about a unit after `cursor`, once all that was written has arrived there. */
export async function readJournal(system: System, unit: string, cursor: string): Promise<JournalEntry[]> {
  await system.output(['journalctl', '--sync'])
  const asked = [`--after-cursor=${cursor}`, `--unit=${unit}`, '--output=json']
  const lines = await system.output(['journalctl', '--quiet', ...asked])
  return lines.split('\n').flatMap((line) => {
    if (line === '') return []
    const { MESSAGE, _TRANSPORT } = JSON.parse(line) as Fields
    return [{ message: text(MESSAGE), isOutput: _TRANSPORT === 'stdout' }]
  })
}

/** journalctl writes a message that is no UTF-8 text as its bytes. */
function text(message: Fields['MESSAGE']): string {
  if (typeof message === 'string') return message
  return Buffer.from(message ?? []).toString('latin1')
}
