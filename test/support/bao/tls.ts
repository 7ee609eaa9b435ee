import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { authority, certificate, type Certificate } from '../certificates.ts'
import { Bao } from './server.ts'

export interface TlsBao {
  readonly bao: Bao
  readonly ca: Certificate
  /** The files that the server reads its certificate from, at its start and after `hangUp`. */
  readonly server: Certificate
}

/** An OpenBao with storage, and with TLS by an authority of its own. */
export async function startTlsBao(folder: string): Promise<TlsBao> {
  mkdirSync(folder, { recursive: true })
  const ca = authority(folder, 'ca')
  const server = certificate(folder, 'server', ca)
  const bao = await Bao.start({ folder: join(folder, 'bao'), tls: { ...server, ca: ca.cert } })
  await bao.mountV2('secret')
  return { bao, ca, server }
}
