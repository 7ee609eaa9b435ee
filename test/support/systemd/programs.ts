import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { System } from './system.ts'

const folder = join(import.meta.dirname, '../../systemd/programs')

/** Put a program of test/systemd/programs into the system's PATH. One in C gets its name without `.c`; `NAME.so.c` is a library to preload. */
export function installProgram(system: System, source: string): void {
  const file = join(folder, source)
  const content = source.endsWith('.c') ? compiled(file) : readFileSync(file)
  system.write(`/usr/local/bin/${source.replace(/\.c$/, '')}`, content, 0o755)
}

function compiled(file: string): Buffer {
  const scratch = mkdtempSync(join(tmpdir(), 'hushfs-test-cc-'))
  try {
    const program = join(scratch, 'program')
    const kind = file.endsWith('.so.c') ? ['-shared', '-fPIC'] : ['-pthread']
    execFileSync('cc', ['-std=gnu11', '-O1', '-Wall', '-Werror', ...kind, '-o', program, file])
    return readFileSync(program)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
