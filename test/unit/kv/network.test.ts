/** What only a server that misbehaves answers: these are small servers of the test, not OpenBao. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { VaultConfig } from '../../../src/config/config.ts'
import { VaultClient } from '../../../src/kv/client.ts'

const folder = t.testdir({})
const tokenFile = join(folder, 'token')
writeFileSync(tokenFile, 's.token')

async function listening(t: Test, server: Server, scheme = 'http'): Promise<VaultConfig> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => server.close())
  const auth = { kind: 'token', tokenFile } as const
  return { name: 'bad', address, namespace: undefined, auth, caFile: undefined, maxStale: 1, timeout: 1 }
}

/** A server that sends this and closes. */
function raw(bytes: string | Uint8Array): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(bytes))
  })
}

/** A server whose connections are closed with it. */
function holding(onSocket: (socket: Socket) => void): Server {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    onSocket(socket)
  })
  const close = server.close.bind(server)
  server.close = (...args) => {
    for (const socket of sockets) socket.destroy()
    return close(...args)
  }
  return server
}

const ok = (body: string, type = 'application/json') =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`

const cases: [string, () => Server, RegExp][] = [
  [
    'bytes that are no HTTP',
    () => raw(Buffer.from('ff00fe0102030405060708', 'hex')),
    /answered something that is not HTTP$/,
  ],
  ['an SSH server', () => raw('SSH-2.0-OpenSSH_9.2\r\n'), /answered something that is not HTTP$/],
  ['a connection that closes', () => raw(''), /the connection was closed before the answer$/],
  [
    'half an answer',
    () => raw('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"data"'),
    /the connection was closed before the answer$/,
  ],
  ['no JSON', () => raw(ok('<html>hello</html>')), /something that is not an answer of Vault or OpenBao$/],
  ['another JSON', () => raw(ok('{"hello": "world"}')), /something that is not a mount of Vault or OpenBao$/],
  ['an empty answer', () => raw(ok('')), /something that is not an answer of Vault or OpenBao$/],
  [
    "a proxy's 403 is not Vault's",
    () => raw('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno'),
    /HTTP 403, but not in the words of Vault or OpenBao/,
  ],
  [
    'a redirect to elsewhere',
    () =>
      raw('HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n'),
    /HTTP 307: a redirect, which is not followed/,
  ],
  [
    'too many requests',
    () => raw('HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\n\r\n{}'),
    /HTTP 429$/,
  ],
  ['a gateway', () => raw('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'), /HTTP 502$/],
  ['an endless answer', () => holding(endless), /its answer is larger than 8388608 bytes$/],
  ['silence', () => holding(() => undefined), /it did not answer within 1 s$/],
  ['an answer byte by byte', () => holding(trickle), /it did not answer within 1 s$/],
]

function endless(socket: Socket): void {
  socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(1 << 16, ' ')));
    }
    socket.on('drain', more)
    more()
  })
}

/** Each byte comes in time, all of them don't. */
function trickle(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n')
  const timer = setInterval(() => socket.write(' '), 50)
  socket.once('close', () => clearInterval(timer))
}

for (const [what, server, message] of cases)
  t.test(`unavailable: ${what}`, async (t) => {
    const client = new VaultClient(await listening(t, server()), false)
    await t.rejects(client.read('kv/db', undefined), { code: 'ERR_UNAVAILABLE', message })
    await client.close()
  })

t.test('unavailable: TLS that is none', async (t) => {
  const client = new VaultClient(await listening(t, raw('HTTP/1.1 400 Bad Request\r\n\r\n'), 'https'), false)
  await t.rejects(client.read('kv/db', undefined), {
    code: 'ERR_UNAVAILABLE',
    message: /does not speak TLS; is the address http\?$/,
  })
  await client.close()
})

t.test('unavailable: TLS that never begins', async (t) => {
  const client = new VaultClient(
    await listening(
      t,
      holding(() => undefined),
      'https',
    ),
    false,
  )
  await t.rejects(client.read('kv/db', undefined), {
    code: 'ERR_UNAVAILABLE',
    message: /(no connection|did not answer) within 1 s$/,
  })
  await client.close()
})

t.test('unavailable: a host without a name or a port without a server', async (t) => {
  const config = await listening(t, raw(''))
  for (const [address, message] of [
    ['https://host.invalid', /(there is no host of that name|the name of the host can't be resolved now)$/],
    ['http://127.0.0.1:1', /connection refused$/],
  ] as const) {
    const client = new VaultClient({ ...config, address }, false)
    const reads = [1, 2, 3].map(() => client.read('kv/db', undefined))
    for (const read of reads) await t.rejects(read, { code: 'ERR_UNAVAILABLE', message })
    await client.close()
  }
})

t.test('the token goes to the server alone, in its header', async (t) => {
  const asked: unknown[] = []
  const server = createHttpServer((request, response) => {
    const { headers, url } = request
    asked.push([url, headers['x-vault-token'], headers['x-vault-namespace'], headers['x-vault-request']])
    response.setHeader('location', '/v1/elsewhere').writeHead(302).end()
  })
  const config = await listening(t, server)
  const client = new VaultClient(
    { ...config, address: `${config.address}/prefix`, namespace: 'team/app' },
    false,
  )
  await t.rejects(client.read('kv/d b', undefined), { code: 'ERR_UNAVAILABLE', message: /a redirect/ })
  await client.close()
  t.strictSame(asked, [['/prefix/v1/sys/internal/ui/mounts/kv/d%20b', 's.token', 'team/app', 'true']])
})

t.test('an idle connection that the server closes when it is used again is no failure', async (t) => {
  const answers = [
    ok('{"data": {"path": "kv/", "type": "kv", "options": {"version": "1"}}}').replace(
      'connection: close\r\n',
      '',
    ),
    ok('{"data": {"password": "value"}}'),
  ]
  let connections = 0
  const server = holding((socket) => {
    connections++
    const answer = answers.shift() ?? ''
    socket.once('data', () => {
      socket.write(answer)
      socket.once('data', () => socket.destroy())
    })
  })
  const client = new VaultClient(await listening(t, server), false)
  const reading = await client.read('kv/db', undefined)
  t.equal(Buffer.from(reading.field('password')).toString(), 'value')
  t.equal(connections, 2)
  await client.close()
})
