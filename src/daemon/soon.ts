/** Calls `task` once for any number of calls: so many milliseconds after the first of them. It doesn't keep the process alive. */
export function soon(task: () => void, milliseconds: number): () => void {
  let timer: NodeJS.Timeout | undefined
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined
      task()
    }, milliseconds).unref()
  }
}
