import koffi from 'koffi'
import { errno } from '../base/errno.ts'
import { fail, lastErrno } from './libc.ts'

const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)') as (
  fd: number,
  operation: number,
) => number

const LOCK_EX = 2
const LOCK_NB = 4

/**
 * Take the exclusive lock of an open file (flock(2)); false when another open file description holds it. The kernel gives it
 * back when the last descriptor is closed, so also when the process is killed.
 */
export function tryLock(fd: number): boolean {
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return true
  return lastErrno() === errno.EAGAIN ? false : fail('flock')
}
