import { Worker } from 'node:worker_threads'
import { distFile } from '../base/dist.ts'

/** The thread of fuse-worker.ts; it waits for its first message, `start`. */
export function startWorker(): Worker {
  return new Worker(distFile('fuse-worker.js'), { env: {} })
}
