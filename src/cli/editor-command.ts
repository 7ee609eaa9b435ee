import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'

/** A person's editor: shell words, to which the file is added. */
export interface EditorCommand {
  readonly words: string
  /** Options to put before the file. */
  readonly options: readonly string[]
}

/** Neither swap, backup, undo nor viminfo files, and no newline that the value didn't have. */
const VIM_SETTINGS = 'silent! set noswapfile nobackup nowritebackup noundofile nofixendofline'
const VIM_OPTIONS = ['-n', '-i', 'NONE', '-c', VIM_SETTINGS]
const PROBE_MILLISECONDS = 2000

/** `$VISUAL`, else `$EDITOR`, else vi. */
export function editorCommand(env: NodeJS.ProcessEnv): EditorCommand {
  const words = [env['VISUAL'], env['EDITOR']].find((value) => value?.trim()) ?? 'vi'
  return { words, options: isVim(words) ? VIM_OPTIONS : [] }
}

/** `vi` and `ex` may be another editor, which doesn't know the options. */
function isVim(words: string): boolean {
  const [program = ''] = words.trim().split(/\s+/)
  const name = basename(program)
  if (/^(n|g|r)?vim([.-].+)?$/.test(name)) return true
  if (name !== 'vi' && name !== 'ex' && name !== 'view') return false
  const asked = spawnSync(program, ['--version'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PROBE_MILLISECONDS,
  })
  return asked.status === 0 && /\bn?vi(m| improved)\b/i.test(asked.stdout.toString())
}
