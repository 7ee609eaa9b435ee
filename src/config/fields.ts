import * as z from 'zod/mini'

/** Leaves of the schema: what a value may be, and the words for one that isn't. Messages never repeat a value. */

/** Error option of a zod type: what was expected, and what kind of thing is there instead. */
export function expected(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => `expected ${what}, got ${kindOf(input)}` }
}

/** The kind of a YAML value in plain words. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value === 'boolean') return 'a boolean'
  return typeof value === 'number' ? 'a number' : 'a string'
}

/** A string of a pattern, or the message `expected WHAT`. */
export const string = (what: string, pattern: RegExp) =>
  z.string(expected(what)).check(z.regex(pattern, { error: `expected ${what}`, abort: true }))

/** An optional key with its description, an example, and the default where there is one. */
export const key = <Value extends z.ZodMiniType>(
  schema: Value,
  description: string,
  example: unknown,
  initial?: unknown,
) =>
  z.optional(
    schema.check(
      z.meta({ description, examples: [example], ...(initial === undefined ? {} : { default: initial }) }),
    ),
  )

/** A path; a relative one starts from the folder of the configuration file. */
export const pathPattern = /^[^\0]+$/
export const path = string('a path', pathPattern)

/** Keys of maps and positions in lists. */
export const sopsKey = string(
  'keys and positions joined by slashes such as db/hosts/0',
  /^[^/]+(?:\/[^/]+)*$/,
)

export const plaintext = z.string({
  error: ({ input }) =>
    typeof input === 'number' || typeof input === 'boolean'
      ? `expected a string, got ${kindOf(input)}: quote it`
      : `expected a string, got ${kindOf(input)}`,
})

const OWNER = 'a user name or a number from 0 to 4294967294'
const GROUP = 'a group name or a number from 0 to 4294967294'
/** (uid_t) -1 means "no change" to chown(2), so it is nobody's number. */
const LAST_ID = 0xfffffffe

const account = (what: string) => {
  const error = `expected ${what}`
  return z.union(
    [
      z.string().check(z.regex(/^[^\s:,/\u0000-\u001f\u007f]+$/, { error })),
      z.int({ error }).check(z.gte(0, { error }), z.lte(LAST_ID, { error })),
    ],
    { error },
  )
}
export const owner = account(OWNER)
export const group = account(GROUP)

const MODE = 'expected a quoted string of 3 or 4 octal digits such as "0400"'

/** Permission bits as text. Write bits are accepted (agenix users have 0440 and 0770) and change nothing. */
export const mode = z
  .string({
    error: ({ input }) =>
      typeof input === 'number'
        ? `${MODE}; got the number ${input}: quote it`
        : `${MODE}; got ${kindOf(input)}`,
  })
  .check(
    z.regex(/^[0-7]{3,4}$/, { error: MODE, abort: true }),
    z.regex(/^0?[0-7]{3}$/, { error: 'setuid, setgid and sticky bits have no meaning on a secret' }),
  )

/** Unit types of systemd.unit(5); a pattern may also end in a wildcard. */
const TYPES = 'service|scope|socket|target|device|mount|automount|swap|timer|path|slice'
const UNIT = String.raw`[A-Za-z0-9:_.\\@-]+\.(?:${TYPES})`
const GLOB = String.raw`(?:[A-Za-z0-9:_.\\@*?-]+\.(?:${TYPES})|[A-Za-z0-9:_.\\@*?-]*[*?])`

/** A unit name in which `*` and `?` are wildcards and everything else, a backslash too, stands for itself. */
export const unitGlob = string(
  'a unit name such as postgresql.service or backup@*.service',
  new RegExp(`^${GLOB}$`),
)
/** `USER/UNIT` for a unit of that user's own manager. */
export const userUnitGlob = string(
  'a user and a unit such as alice/syncthing.service',
  new RegExp(String.raw`^[^\s:,/\u0000-\u001f\u007f]+/${GLOB}$`),
)
export const unitName = string('a unit name such as postgresql.service', new RegExp(`^${UNIT}$`))

export const list = <Item extends z.ZodMiniType>(item: Item) => z.array(item, expected('a list'))

const DURATION = /^([1-9][0-9]{0,6})(s|m|h)$/
export const duration = string('a duration such as 30s, 5m or 1h', DURATION)

const SHORT_DURATION = /^([1-9][0-9]{0,3})(us|ms)$/
const MOST_POLLING = 10_000
const POLLING = 'auto, off, or a duration such as 200us, of at most 10ms'

/** Polling before the server sleeps. */
export const polling = string(POLLING, new RegExp(`^(?:auto|off)$|${SHORT_DURATION.source}`)).check(
  z.refine((text) => !SHORT_DURATION.test(text) || microsecondsOf(text) <= MOST_POLLING, {
    error: 'expected at most 10ms',
  }),
)

/** Microseconds of a checked bound of polling. */
export function microsecondsOf(text: string): number {
  const [, amount, unit] = SHORT_DURATION.exec(text) ?? []
  return Number(amount) * (unit === 'ms' ? 1000 : 1)
}

const LONGEST = 3600

/** A duration of at most an hour. */
export const timeout = duration.check(
  z.refine((text) => !DURATION.test(text) || secondsOf(text) <= LONGEST, { error: 'expected at most 1h' }),
)

const NO_NUL = /^[^\0]*$/
const PROGRAM = /^(?:\/[^\0]*|[^\0/]+)$/

/** A program and its arguments. */
export const command = z
  .array(string('a string without NUL', NO_NUL), expected('a list, a program and its arguments'))
  .check(
    z.refine(([program]) => program !== undefined && PROGRAM.test(program), {
      error: 'expected a program first: an absolute path, or a name without `/`',
    }),
  )

/** Environment variables. */
export const environment = z.record(
  z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a variable' })),
  string('a string without NUL', NO_NUL),
  expected('a map of variables'),
)

/** As systemd takes it: a file name of at most 255 bytes without control characters (credential_name_valid in systemd's creds-util.c). */
export const credentialName = string(
  'the name of a credential',
  /^(?!\.{1,2}$)[^/\u0000-\u001f\u007f]{1,255}$/,
)

/** Seconds of a checked duration. */
export function secondsOf(text: string): number {
  const [, amount, unit] = DURATION.exec(text) ?? []
  return Number(amount) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h']
}
