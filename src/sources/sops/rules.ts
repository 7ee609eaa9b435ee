import { SourceError } from '../../base/errors.ts'

/** Which values of a document are encrypted (sops.go, shouldBeEncrypted). One rule holds for a whole document. */
export interface Rule {
  /** Does this key, or the text of this comment, switch encryption on or off for what it covers? */
  matches(text: string): boolean
  /** The rule looks at the comments above a value instead of the keys on the way to it. */
  readonly onComments: boolean
  /** What matches is encrypted, and nothing else is; or the other way round. */
  readonly encrypts: boolean
}

/** The fields of the metadata that hold a rule. */
export const ruleFields = [
  'unencrypted_suffix',
  'encrypted_suffix',
  'unencrypted_regex',
  'encrypted_regex',
  'unencrypted_comment_regex',
  'encrypted_comment_regex',
] as const

/** sops.DefaultUnencryptedSuffix, of a document that names no rule. */
const DEFAULT_SUFFIX = '_unencrypted'

/** The rule of a document. An empty one is as none. Throws SourceError for more than one, and for a regular expression that RE2 refuses. */
export async function ruleOf(fields: ReadonlyMap<string, string>): Promise<Rule> {
  const given = ruleFields.filter((name) => (fields.get(name) ?? '') !== '')
  const [name = 'unencrypted_suffix', second] = given
  if (second !== undefined) throw new SourceError(`the metadata has two rules, ${name} and ${second}`)
  const value = fields.get(name) ?? ''
  const text = value === '' ? DEFAULT_SUFFIX : value
  return {
    matches: name.endsWith('_suffix') ? (key) => key.endsWith(text) : await compiled(name, text),
    onComments: name.includes('_comment_'),
    encrypts: name.startsWith('encrypted_'),
  }
}

/** Go's regular expressions are RE2's, which take linear time whatever the document says; JavaScript's don't. */
async function compiled(name: string, pattern: string): Promise<(text: string) => boolean> {
  const { RE2JS } = await import('re2js')
  try {
    const regex = RE2JS.compile(pattern)
    return (text) => regex.matcher(text).find()
  } catch (cause) {
    throw new SourceError(`${name} in the metadata is not a regular expression that RE2 knows`, { cause })
  }
}
