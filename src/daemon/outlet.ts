import type { SecretConfig } from '../config/config.ts'
import type { IndexedValue, SecretStream, SecretTable } from '../vfs/table.ts'

/** Where the loader's values go; implemented by server.ts. */
export interface Outlet {
  /** Both resolve when the worker serves it. */
  replace(table: SecretStream): Promise<unknown>
  settle(values: readonly IndexedValue[]): Promise<unknown>
  /** Tell the kernel. */
  notify(messages: readonly Uint8Array[]): void
  /** Their values were replaced by others. */
  changed(secrets: readonly SecretConfig[]): void
  /** A load is done; the table comes without its bytes. */
  loaded(table: SecretTable): void
  /** Before sources are asked again that weren't there. */
  retrying(): void
}
