import type { Worker } from 'node:worker_threads'
import { startWorker } from './start-worker.ts'
import { UnsealChild } from './unseal-child.ts'
import type { ToWorker } from './worker-protocol.ts'

/** What a server needs and what takes as long to start as its configuration takes to be read. */
export interface Prepared {
  takeChild(): UnsealChild | undefined
  takeWorker(): Worker | undefined
}

let child: UnsealChild | undefined
let worker: Worker | undefined

/** Start an unseal child and a FUSE worker now, to have them ready when there is something to tell them. */
export async function prepare(): Promise<void> {
  // Before any other process is started: those don't get the descriptors of the service. Where there are none, the code for it would only hold up the start.
  if (process.env['LISTEN_FDS'] !== undefined) (await import('../sys/listen-fds.ts')).listenFds()
  child = new UnsealChild()
  worker = startWorker()
}

/** What was started ahead, once each: whoever takes it ends it. */
export const prepared: Prepared = {
  takeChild() {
    const taken = child
    child = undefined
    return taken
  },
  takeWorker() {
    const taken = worker
    worker = undefined
    return taken
  },
}

/**
 * End what nobody has taken. The worker is told, not terminated: Node 26 aborts the process now and then when a thread is terminated while it
 * still loads its modules.
 */
export function discardPrepared(): void {
  prepared.takeChild()?.kill()
  prepared.takeWorker()?.postMessage({ kind: 'stop', id: 0 } satisfies ToWorker)
}
