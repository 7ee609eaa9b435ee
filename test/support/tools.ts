import { execFileSync } from 'node:child_process'

/** Standard output of a program, which must succeed. No shell. */
export function run(program: string, args: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync(program, args, { input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 64 << 20 })
}

/** A key pair of the real ssh-keygen: `file` and `file.pub`. */
export function sshKeygen(file: string, ...options: readonly string[]): string {
  run('ssh-keygen', ['-q', '-N', '', '-C', 'test@hushfs', '-f', file, ...options])
  return file
}
