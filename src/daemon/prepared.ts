import { UnsealChild } from './unseal-client.ts'

let prepared: UnsealChild | undefined

/** Start an unseal child now, to have it ready by the time the configuration is read. */
export function prepareUnseal(): void {
  prepared = new UnsealChild()
}

/** The child that was started ahead, once; whoever takes it gives it a job or kills it. */
export function takePrepared(): UnsealChild | undefined {
  const child = prepared
  prepared = undefined
  return child
}
