/** Unit types (systemd.unit(5)); a unit's name ends with a dot and one of them. */
const types = 'service|socket|target|device|mount|automount|swap|timer|path|slice|scope'

/** The characters before the type; the first `@` starts the instance, further ones belong to it. */
const plain = new RegExp(`^[A-Za-z0-9:_.\\\\-]+\\.(?:${types})$`)
const instance = new RegExp(`^[A-Za-z0-9:_.\\\\-]+@[A-Za-z0-9:_.\\\\@-]+\\.(?:${types})$`)

/** UNIT_NAME_MAX of systemd, without the terminating zero. */
const MAX_LENGTH = 255

/** A unit that isn't made from a template, as `foo.service`. */
export function isPlainUnitName(name: string): boolean {
  return name.length <= MAX_LENGTH && plain.test(name)
}

/** A unit that can run: plain, or an instance as `foo@bar.service`. A template (`foo@.service`) can't. */
export function isUnitName(name: string): boolean {
  return name.length <= MAX_LENGTH && (plain.test(name) || instance.test(name))
}
