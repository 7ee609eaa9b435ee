/** The configuration that `hushfs init` writes: it loads as it is and explains itself. */
export function configTemplate(identity: string, store: string): string {
  return `# hushfs: which secrets there are, and who may read them.
# Relative paths start from the folder of this file. \`hushfs config schema\` lists every key, \`hushfs check\` tries it.

# Where the secrets appear.
mountPoint: /run/hushfs

# Private keys that open the sources: hushfs or age identities, SSH host keys.
# An SSH key opens what was encrypted for its public half.
identities:
  - ${quoted(identity)}
  # - /etc/ssh/ssh_host_ed25519_key

# The folder of hushfs' own sealed files: \`hushfs set\`, \`get\`, \`edit\`, \`rm\` and \`list\` work on it.
store: ${quoted(store)}

# Permission bits of the folders in the mounted tree.
# directoryMode: "0711"

# Servers of Vault or OpenBao, for sources such as {vault: {path: kv/db, field: password}}.
# vaults:
#   main: {address: "https://vault.example:8200", auth: {tokenFile: /run/vault-token}}

secrets:
  # db/password:                        # becomes /run/hushfs/db/password
  #   source: {sealed: ${quoted(`${store}/db/password.sealed`)}}
  #   owner: postgres                   # a name or a number; root unless you say so
  #   group: postgres
  #   mode: "0400"                      # quoted, octal
  # tls/key:
  #   source: {age: tls-key.age}        # what agenix and age write

# Files with the values of secrets in them.
# templates:
#   app.env:
#     content: "DB_PASSWORD=\${hushfs:db/password|systemd}\\n"
`
}

/** A path as YAML: plain where that is safe, else a double-quoted string, which takes JSON's escapes. */
function quoted(path: string): string {
  return /^[\w/][\w./-]*$/.test(path) ? path : JSON.stringify(path)
}
