import { resolve } from 'node:path'
import * as z from 'zod/mini'
import type { VaultAuth, VaultConfig, VaultSpec } from './config.ts'
import { duration, expected, key, path, secondsOf } from './fields.ts'
import { address, field, mount, namespace, secretPath, vaultName, version, word } from './vault-fields.ts'

/** What the configuration says about servers of Vault or OpenBao, and how to sign in there. */

const approle = z
  .strictObject(
    {
      roleId: key(word, 'The RoleID itself', '5f3c0f2b-...'),
      roleIdFile: key(path, 'A file with the RoleID', '/etc/hushfs/role-id'),
      secretIdFile: path.check(
        z.meta({ description: 'A file with the SecretID, read anew at each login', examples: ['secret-id'] }),
      ),
      mount: key(mount, 'Where the auth method is mounted', 'approle', 'approle'),
    },
    expected('a map such as {roleId: ID, secretIdFile: FILE}'),
  )
  .check(
    z.refine(({ roleId, roleIdFile }) => (roleId === undefined) !== (roleIdFile === undefined), {
      error: 'expected exactly one of roleId, roleIdFile',
    }),
  )

const cert = z.strictObject(
  {
    certFile: path.check(z.meta({ description: 'The client certificate, PEM', examples: ['host.pem'] })),
    keyFile: path.check(z.meta({ description: 'Its private key, PEM', examples: ['host.key'] })),
    role: key(word, 'The certificate role; without it the server finds one that fits', 'web'),
    mount: key(mount, 'Where the auth method is mounted', 'cert', 'cert'),
  },
  expected('a map such as {certFile: FILE, keyFile: FILE}'),
)

const jwt = z.strictObject(
  {
    role: word.check(z.meta({ description: 'The role to sign in as', examples: ['web'] })),
    jwtFile: path.check(
      z.meta({ description: 'A file with the JWT, read anew at each login', examples: ['/run/token.jwt'] }),
    ),
    mount: key(mount, 'Where the auth method is mounted', 'jwt', 'jwt'),
  },
  expected('a map such as {role: NAME, jwtFile: FILE}'),
)

const ONE = 'one of tokenFile, approle, cert, jwt'

const auth = z
  .strictObject(
    {
      tokenFile: key(path, 'A file with a token, read anew when the token is refused', '/run/vault-token'),
      approle: key(approle, 'AppRole', { roleId: '5f3c0f2b-...', secretIdFile: 'secret-id' }),
      cert: key(cert, 'A TLS client certificate', { certFile: 'host.pem', keyFile: 'host.key' }),
      jwt: key(jwt, 'A JWT, such as a workload identity', { role: 'web', jwtFile: '/run/token.jwt' }),
    },
    expected(`${ONE}, such as {tokenFile: FILE}`),
  )
  .check(
    z.refine((value) => Object.keys(value).length === 1, { error: `expected exactly ${ONE}` }),
    z.meta({ description: 'How to sign in', examples: [{ tokenFile: '/run/vault-token' }] }),
  )

/** What the file says about one server. */
export const vaultSchema = z.strictObject(
  {
    address: address.check(
      z.meta({ description: 'Where the server is', examples: ['https://vault.example:8200'] }),
    ),
    namespace: key(namespace, 'The namespace of its secrets and of the login', 'team'),
    auth,
    caFile: key(path, 'Certificates that its own is checked with, PEM, instead of the public ones', 'ca.pem'),
    maxStale: key(duration, 'How long a value is kept while the server does not answer', '1h', '24h'),
    timeout: key(duration, 'How long one request may take', '5s', '10s'),
  },
  expected('a map such as {address: URL, auth: {tokenFile: FILE}}'),
)

/** What the file says about one secret of a server. */
export const vaultSource = z.strictObject(
  {
    server: key(vaultName, 'One of `vaults`; needed where there are several', 'main'),
    path: secretPath.check(
      z.meta({ description: 'As the kv command takes it: the mount, then the path', examples: ['kv/db'] }),
    ),
    field: field.check(z.meta({ description: 'One field of the secret', examples: ['password'] })),
    version: key(version, 'A version of KV v2 to stay with; else the latest', 3),
    refresh: key(duration, 'How often to ask whether it changed', '5m', '1m'),
  },
  expected('a map such as {path: kv/db, field: password}'),
)

/** `vaults`: the names of the configured servers. */
export function resolveVaultSource(
  { server, path, field, version, refresh }: z.infer<typeof vaultSource>,
  vaults: readonly string[],
): VaultSpec {
  return {
    kind: 'vault',
    server: server ?? vaults[0] ?? '',
    path: path.replace(/^\/+|\/+$/g, ''),
    field,
    version,
    refresh: secondsOf(refresh ?? '1m'),
  }
}

export type VaultInput = z.infer<typeof vaultSchema>

/** The server with every default and path filled in. */
export function resolveVault(name: string, input: VaultInput, folder: string): VaultConfig {
  return {
    name,
    address: input.address.replace(/\/+$/, ''),
    namespace: input.namespace?.replace(/^\/+|\/+$/g, ''),
    auth: resolveAuth(input.auth, folder),
    caFile: input.caFile === undefined ? undefined : resolve(folder, input.caFile),
    maxStale: secondsOf(input.maxStale ?? '24h'),
    timeout: secondsOf(input.timeout ?? '10s'),
  }
}

function resolveAuth({ tokenFile, approle, cert, jwt }: VaultInput['auth'], folder: string): VaultAuth {
  const file = (name: string) => resolve(folder, name)
  if (tokenFile !== undefined) return { kind: 'token', tokenFile: file(tokenFile) }
  if (approle !== undefined) {
    const { roleId, roleIdFile, secretIdFile, mount = 'approle' } = approle
    const role = roleIdFile === undefined ? { roleId: roleId ?? '' } : { roleIdFile: file(roleIdFile) }
    return { kind: 'approle', ...role, secretIdFile: file(secretIdFile), mount }
  }
  if (cert !== undefined) {
    const { certFile, keyFile, role, mount = 'cert' } = cert
    return { kind: 'cert', certFile: file(certFile), keyFile: file(keyFile), role, mount }
  }
  if (jwt === undefined) throw new TypeError('an auth that the schema accepted has no kind')
  return { kind: 'jwt', role: jwt.role, jwtFile: file(jwt.jwtFile), mount: jwt.mount ?? 'jwt' }
}
