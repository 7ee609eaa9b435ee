import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { run } from '../tools.ts'
import { unhooked } from '../process.ts'
import { until } from '../until.ts'

const PROGRAM = join(import.meta.dirname, 'program')

export interface BaoOptions {
  /** For its files. */
  readonly folder: string
  /** TLS with this certificate and key; without it a server for development, on http, unsealed and in memory. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
}

/** What the API answers. */
export interface ApiAnswer {
  readonly status: number
  readonly data: Record<string, unknown>
}

/** A real OpenBao on a free port of this machine; it ends with the test. */
export class Bao {
  readonly address: string
  readonly #options: BaoOptions
  readonly #port: number
  readonly #clusterPort: number
  #process: ChildProcess | undefined
  #unsealKey = ''
  /** Of root. */
  token = 'root'

  private constructor(options: BaoOptions, port: number, clusterPort: number) {
    this.#options = options
    this.#port = port
    this.#clusterPort = clusterPort
    this.address = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  }

  /** Resolves when it answers, unsealed. */
  static async start(options: BaoOptions): Promise<Bao> {
    mkdirSync(options.folder, { recursive: true })
    const bao = new Bao(options, await freePort(), await freePort())
    await bao.launch()
    if (options.tls !== undefined) {
      const { data } = await bao.api('POST', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
      bao.#unsealKey = (data['keys'] as [string])[0]
      bao.token = String(data['root_token'])
      await bao.unseal()
    }
    return bao
  }

  /** Start it, again: sealed, if it has storage. Resolves when it answers. */
  async launch(): Promise<void> {
    const program = run(PROGRAM, []).toString().trim()
    const args = ['--pdeathsig=KILL', program, 'server', ...this.#arguments()]
    const child = spawn(...unhooked('setpriv', args), {
      env: { PATH: process.env['PATH'], HOME: this.#options.folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => (text += piece.toString()))
    await until('OpenBao answers', async () => {
      if (child.exitCode !== null) throw new Error(`OpenBao ended: ${text.slice(-2000)}`)
      return this.api('GET', 'sys/seal-status').then(
        ({ status }) => status === 200,
        () => false,
      )
    })
  }

  async unseal(): Promise<void> {
    await this.api('POST', 'sys/unseal', { key: this.#unsealKey })
    await until('OpenBao is active', async () => (await this.api('GET', 'sys/health')).status === 200)
  }

  async stop(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }

  /** It reads its certificate anew. */
  hangUp(): void {
    this.#process?.kill('SIGHUP')
  }

  /** One request as root, or as somebody else; throws when it isn't answered, whatever the status. */
  api(
    method: string,
    path: string,
    body?: object,
    options: { token?: string; namespace?: string } = {},
  ): Promise<ApiAnswer> {
    const { tls } = this.#options
    const { token = this.token, namespace } = options
    const headers = {
      'x-vault-token': token,
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    }
    const send = tls === undefined ? httpRequest : httpsRequest
    // Whether its certificate is good is for the tests of the client.
    const request = send(`${this.address}/v1/${path}`, {
      method,
      headers,
      rejectUnauthorized: false,
      agent: false,
    })
    return new Promise((resolve, reject) => {
      request.on('error', reject)
      request.on('response', (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString()
          const data = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
          resolve({ status: response.statusCode ?? 0, data })
        })
      })
      request.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** As `api`, which must succeed. */
  async must(
    method: string,
    path: string,
    body?: object,
    options: { token?: string; namespace?: string } = {},
  ) {
    const { status, data } = await this.api(method, path, body, options)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(data)}`)
    return data
  }

  /** Mount KV v2, which refuses everything for a moment. */
  async mountV2(path: string): Promise<void> {
    await this.must('POST', `sys/mounts/${path}`, { type: 'kv', options: { version: '2' } })
    await until('the mount is there', async () => (await this.api('GET', `${path}/data/none`)).status === 404)
  }

  /** Write a version of a secret of KV v2. */
  async put(path: string, data: Record<string, unknown>, namespace?: string): Promise<void> {
    const [mount = '', ...rest] = path.split('/')
    const options = namespace === undefined ? {} : { namespace }
    await this.must('POST', `${mount}/data/${rest.join('/')}`, { data }, options)
  }

  /** A role of AppRole, which must be mounted, and how to sign in with it: its SecretID is in a file of `folder`. */
  async appRole(name: string, settings: object, folder: string) {
    await this.must('POST', `auth/approle/role/${name}`, settings)
    const idOf = (answer: Record<string, unknown>, key: string) =>
      (answer['data'] as Record<string, string>)[key] ?? ''
    const roleId = idOf(await this.must('GET', `auth/approle/role/${name}/role-id`), 'role_id')
    const secretIdFile = join(folder, `secret-id-${name}`)
    writeFileSync(
      secretIdFile,
      idOf(await this.must('POST', `auth/approle/role/${name}/secret-id`), 'secret_id'),
    )
    return { kind: 'approle', roleId, secretIdFile, mount: 'approle' } as const
  }

  #arguments(): string[] {
    const { folder, tls } = this.#options
    if (tls === undefined)
      return [
        '-dev',
        '-dev-root-token-id=root',
        '-dev-no-store-token',
        `-dev-listen-address=127.0.0.1:${this.#port}`,
      ]
    const config = join(folder, 'config.json')
    const listener = {
      address: `127.0.0.1:${this.#port}`,
      cluster_address: `127.0.0.1:${this.#clusterPort}`,
      tls_cert_file: tls.cert,
      tls_key_file: tls.key,
      tls_client_ca_file: tls.ca,
    }
    // OpenBao 2.7 has no `file` storage any more; raft is its storage in files.
    const path = join(folder, 'storage')
    mkdirSync(path, { recursive: true })
    const settings = { storage: { raft: { path, node_id: 'test' } }, listener: { tcp: listener } }
    const addresses = { api_addr: this.address, cluster_addr: `https://127.0.0.1:${this.#clusterPort}` }
    writeFileSync(config, JSON.stringify({ ...settings, ...addresses }))
    return [`-config=${config}`]
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
