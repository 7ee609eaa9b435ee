/** What Node and OpenSSL call what can go wrong on the way to a server, in plain words. Their own messages may quote what was sent. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before the answer',
  EPIPE: 'the connection was closed before the answer',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: "the name of the host can't be resolved now",
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by a known authority; give that as `caFile`',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by a known authority; give that as `caFile`',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is not signed by a known authority; give that as `caFile`',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is not signed by a known authority; give that as `caFile`',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is not signed by a known authority; give that as `caFile`',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong; is `caFile` the right one?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate',
  EPROTO: 'TLS failed',
}

/** The reason of an error of a connection or of TLS. */
export function networkReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = isNoTls(error) ? 'it does not speak TLS; is the address http?' : words[code]
  if (known !== undefined) return known
  if (code.startsWith('HPE_')) return 'it answered something that is not HTTP'
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return `TLS failed (${code})`
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? `the connection failed (${code})` : 'the connection failed'
}

/** OpenSSL takes the first bytes of another protocol for the head of a record. Node 20 has its words in the message alone. */
function isNoTls(error: unknown): boolean {
  return error instanceof Error && /wrong version number|packet length too long/.test(error.message)
}
