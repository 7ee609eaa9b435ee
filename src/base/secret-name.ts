/** A segment of a secret's name: no leading dot, so a name never meets hushfs' own files. */
const segment = String.raw`[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*`
const pattern = new RegExp(`^${segment}(?:/${segment})*$`)

/** Product contract: a name is 1 to 255 bytes. */
export const MAX_NAME_BYTES = 255

/** Why `name` can't name a secret, in words that follow the name; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (name.length > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`
  if (pattern.test(name)) return undefined
  if (name.split('/').includes('')) return 'has an empty part before, between or after its slashes'
  if (name.split('/').some((part) => part.startsWith('.'))) return 'has a part that starts with a dot'
  return 'has a character other than A-Z a-z 0-9 . _ @ : + - and /'
}

/** The one of `names` that can't be mounted beside `name`, because one would be both a file and a folder. */
export function folderConflict(name: string, names: Iterable<string>): string | undefined {
  for (const other of names) {
    if (other.startsWith(`${name}/`) || name.startsWith(`${other}/`)) return other
  }
  return undefined
}
