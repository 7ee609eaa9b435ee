/** Paths of secrets as the `kv` command takes them, and as the API has them. */

/** A KV secrets engine: its path with a slash at its end, and the version of its API. */
export interface Mount {
  readonly path: string
  readonly version: 1 | 2
}

/** The path of a secret within `mount`; undefined when it isn't below it. */
export function within(mount: Mount, path: string): string | undefined {
  return path.startsWith(mount.path) && path.length > mount.path.length
    ? path.slice(mount.path.length)
    : undefined
}

/** Where a policy must allow to read: the value, and in KV v2 what is known of its versions. */
export function policyPaths(mount: Mount, path: string): string[] {
  const rest = within(mount, path) ?? path
  if (mount.version === 1) return [mount.path + rest]
  return [`${mount.path}data/${rest}`, `${mount.path}metadata/${rest}`]
}

/** The API's path of a value, with the query that picks a version. */
export function dataPath(mount: Mount, path: string, version: number | undefined): string {
  const [data = ''] = policyPaths(mount, path)
  return version === undefined ? encodePath(data) : `${encodePath(data)}?version=${version}`
}

/** The API's path of what KV v2 knows about the versions of a secret. */
export function metadataPath(mount: Mount, path: string): string {
  return encodePath(policyPaths(mount, path)[1] ?? path)
}

/** The API's path at which the `kv` command asks which mount a path is in (command/kv_helpers.go). */
export function mountQuestion(path: string): string {
  return `sys/internal/ui/mounts/${encodePath(path)}`
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
