import { policyPaths, type Mount } from './paths.ts'

/** A path that a configuration reads, and its mount; or why that isn't known. */
export interface NeededPath {
  readonly path: string
  readonly mount: Mount | { readonly unknown: string }
}

const DEFAULT_POLICY = `# Looking up, renewing and revoking its own token is in the policy \`default\`, which tokens have unless they are made without it.
`

/** The smallest policy, in HCL, that lets a token read these paths: the values, and in KV v2 whether they changed. */
export function policyText(needed: readonly NeededPath[]): string {
  const parts = needed.map(({ path, mount }) => {
    const rules = 'unknown' in mount ? bothForms(path, mount.unknown) : rulesOf(mount, path)
    return wildcardNote(path) + rules
  })
  return DEFAULT_POLICY + [...new Set(parts)].join('')
}

function rulesOf(mount: Mount, path: string): string {
  return policyPaths(mount, path)
    .map((path) => `path ${quoted(path)} {\n  capabilities = ["read"]\n}\n`)
    .join('')
}

/** The first part is where most mounts end. */
function bothForms(path: string, reason: string): string {
  const [start = ''] = path.split('/', 1)
  const form = (version: 1 | 2) => {
    const rules = rulesOf({ path: `${start}/`, version }, path)
    return `# If \`${start}\` is KV v${version}:\n${rules.replace(/^/gm, '# ').trimEnd()}\n`
  }
  return `# ${path}: its mount is not known (${reason}).\n${form(2)}${form(1)}`
}

/** A policy has no way to say that these stand for themselves. */
function wildcardNote(path: string): string {
  const isWild = path.endsWith('*') || path.split('/').includes('+') || path.includes('{{')
  return isWild ? '# A wildcard to a policy: the next rule allows more than this secret.\n' : ''
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
