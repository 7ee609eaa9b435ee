import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { unhooked } from './process.ts'

export const HUSHFS = fileURLToPath(new URL('../../dist/hushfs.js', import.meta.url))

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

/** Run the built command line to its end; its standard streams are pipes. */
export function runHushfs(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return run(process.execPath, [HUSHFS, ...args], options)
}

/** Run a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  { input = '', env, cwd }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(...unhooked(program, args), { cwd, env: { ...process.env, ...env } })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece))
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece))
    // A program that doesn't read its input closes the pipe.
    child.stdin.on('error', () => undefined)
    child.on('error', reject)
    child.on('close', (status) =>
      resolve({
        status,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    )
    child.stdin.end(input)
  })
}
