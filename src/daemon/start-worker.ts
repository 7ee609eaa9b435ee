import { Worker } from 'node:worker_threads'
import { distFile } from '../base/dist.ts'

/** What requests leave behind is small and dead at once: more room for it would only be memory. */
const YOUNG_MIB = 4

/** The thread of fuse-worker.ts; it waits for its first message, `start`. */
export function startWorker(): Worker {
  return new Worker(distFile('fuse-worker.js'), {
    env: {},
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
  })
}
