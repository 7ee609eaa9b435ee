import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './tools.ts'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** An authority made by openssl, as files in `folder`. */
export function authority(folder: string, name: string): Certificate {
  const { cert, key } = files(folder, name)
  const subject = ['-subj', `/CN=${name}`, '-days', '30']
  run('openssl', ['req', '-x509', ...newKey(key), ...subject, '-out', cert])
  return { cert, key }
}

/** A certificate for 127.0.0.1, localhost and vault.test, of a server and a client, signed by `by`. `days` before 0: it has expired. */
export function certificate(folder: string, name: string, by: Certificate, days = 30): Certificate {
  const { cert, key } = files(folder, name)
  const request = join(folder, `${name}.csr`)
  const extensions = join(folder, `${name}.ext`)
  writeFileSync(
    extensions,
    'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:vault.test\nextendedKeyUsage=serverAuth,clientAuth\n',
  )
  run('openssl', ['req', ...newKey(key), '-subj', `/CN=${name}`, '-out', request])
  const signer = ['-CA', by.cert, '-CAkey', by.key, '-CAcreateserial']
  run('openssl', [
    'x509',
    '-req',
    '-in',
    request,
    ...signer,
    '-days',
    String(days),
    '-extfile',
    extensions,
    '-out',
    cert,
  ])
  return { cert, key }
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file]
}

function files(folder: string, name: string): Certificate {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
}
