import { resolve } from 'node:path'

/** A part that is empty, `.` or `..`, or a slash at the end. */
const UNRESOLVED = /\/\.{0,2}(?:\/|$)/

/** `resolve` of node:path, without its work for a path that is absolute already. */
export function absolute(folder: string, path: string): string {
  return path.startsWith('/') && !UNRESOLVED.test(path) ? path : resolve(folder, path)
}
