/** Files of the real systemd-creds: what opens, what is refused and why, with privilege and without. */
import t, { type Test } from 'tap'
import { program } from '../support/systemd/hushfs.ts'
import { bootSystemd, service, type System } from '../support/systemd/system.ts'

const CONFIG = '/etc/hushfs/creds.yaml'
const FOLDER = '/etc/credstore.encrypted'
/** Bytes of every kind, and no newline at the end. */
const VALUE = Buffer.from([...Array(256).keys(), 0x0a, 0x0d])

function creds(system: System, args: readonly string[], input: Uint8Array = VALUE): Promise<string> {
  return system.output(['systemd-creds', 'encrypt', ...args], { input })
}

/** Hidden in the system as it would be on a host: `get` opens the source in its own process. */
async function get(system: System, source: object, user?: string, env: readonly string[] = []) {
  system.write(CONFIG, JSON.stringify({ secrets: { value: { source } } }))
  const argv = ['env', ...env, ...program, 'get', 'value', '--config', CONFIG]
  return system.run(argv, user === undefined ? {} : { user })
}

for (const suite of ['trixie', 'bookworm'] as const) {
  t.test(suite, async (t) => {
    const system = await bootSystemd(t, { suite })
    await system.output(['mkdir', '-p', FOLDER])
    const opens = async (t: Test, source: object, value: Uint8Array = VALUE) => {
      const done = await get(system, source)
      t.strictSame(
        { status: done.status, stdout: done.stdout },
        { status: 0, stdout: Buffer.from(value) },
        done.stderr,
      )
    }
    const refuses = async (t: Test, source: object, message: RegExp) => {
      const done = await get(system, source)
      t.match({ status: done.status, stdout: done.stdout.toString() }, { status: 1, stdout: '' })
      t.match(done.stderr, message)
    }

    await t.test('the host key: byte for byte, empty and large too', async (t) => {
      await creds(system, ['--with-key=host', '-', `${FOLDER}/db`])
      await opens(t, { credential: `${FOLDER}/db` })
      await creds(system, ['--with-key=host', '-', `${FOLDER}/empty`], new Uint8Array())
      await opens(t, { credential: `${FOLDER}/empty` }, new Uint8Array())
      // systemd 252 counts the base64 of the file against its limit.
      const large = Buffer.alloc(suite === 'trixie' ? 1 << 20 : 800_000, VALUE)
      await creds(system, ['--with-key=host', '-', `${FOLDER}/large`], large)
      await opens(t, { credential: `${FOLDER}/large` }, large)
    })

    await t.test('the embedded name is the name of the file, or the one that is said', async (t) => {
      const file = `${FOLDER}/db.cred`
      await creds(system, ['--with-key=host', '--name=db', '-', file])
      await refuses(
        t,
        { credential: file },
        /db\.cred: it is the credential `db`, not `db\.cred`[^]*name: NAME/,
      )
      await opens(t, { credential: { file, name: 'db' } })
      await creds(system, ['--with-key=host', '--name=', '-', `${FOLDER}/anonymous`])
      await opens(t, { credential: `${FOLDER}/anonymous` })
      await system.output(['cp', `${FOLDER}/db`, `${FOLDER}/swapped`])
      await refuses(t, { credential: `${FOLDER}/swapped` }, /it is the credential `db`, not `swapped`/)
    })

    await t.test('no key at all: refused unless it is allowed', async (t) => {
      const file = `${FOLDER}/null`
      await creds(system, ['--with-key=tpm2-absent', '-', file])
      await refuses(t, { credential: file }, /null: it is encrypted with no key at all[^]*allowNull: true/)
      await opens(t, { credential: { file, allowNull: true } })
    })

    await t.test('expired, damaged, of another host, not there', async (t) => {
      const file = `${FOLDER}/short-lived`
      await creds(system, ['--with-key=host', '--timestamp=-2h', '--not-after=-1h', '-', file])
      await refuses(t, { credential: file }, /short-lived: its time \(--not-after=\) has passed/)
      const text = await system.output(['cat', `${FOLDER}/db`])
      const bytes = Buffer.from(text, 'base64')
      bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1
      system.write(`${FOLDER}/damaged`, bytes.toString('base64'))
      await refuses(
        t,
        { credential: { file: `${FOLDER}/damaged`, name: 'db' } },
        /encrypted on another host, or is damaged/,
      )
      system.write(`${FOLDER}/cut`, text.slice(0, 40))
      await refuses(
        t,
        { credential: `${FOLDER}/cut` },
        /cut: it is no credential of systemd-creds, or cut short/,
      )
      await refuses(t, { credential: `${FOLDER}/none` }, /none: no such file/)
      await system.output(['mv', '/var/lib/systemd/credential.secret', '/root/secret'])
      await refuses(t, { credential: `${FOLDER}/db` }, /this host has no key that opens it/)
      await system.output(['systemd-creds', 'setup'])
      await refuses(t, { credential: `${FOLDER}/db` }, /encrypted on another host, or is damaged/)
      await system.output(['mv', '-f', '/root/secret', '/var/lib/systemd/credential.secret'])
    })

    await t.test('without privilege: what the unit must have, and that it is enough', async (t) => {
      system.write(CONFIG, JSON.stringify({ secrets: { value: { source: { credential: `${FOLDER}/db` } } } }))
      const lines = (extra: string[]) =>
        service([
          'Type=oneshot',
          'User=app',
          ...extra,
          `ExecStart=/bin/sh -c '${program.join(' ')} get value --config ${CONFIG} | base64 -w0'`,
        ])
      await system.install({
        'without.service': lines([]),
        'with.service': lines([`LoadCredentialEncrypted=db:${FOLDER}/db`]),
      })
      const without = await system.start('without.service')
      t.match(without.output, `the service of hushfs needs LoadCredentialEncrypted=db:${FOLDER}/db`)
      const loaded = await system.start('with.service')
      t.equal(loaded.output.trim(), VALUE.toString('base64'))
    })
  })
}

t.test('encrypted for one user, that user opens it without leave', async (t) => {
  const system = await bootSystemd(t)
  const file = '/tmp/scoped'
  await creds(system, ['--with-key=host', '--uid=app', '-', file])
  await system.output(['chmod', '644', file])
  const mine = await get(system, { credential: file }, 'app')
  t.strictSame(mine.stdout, VALUE, mine.stderr)
  const root = await get(system, { credential: file })
  t.match(root.stderr, /it was encrypted for one user \(--uid=\)/)
  const other = await get(system, { credential: file }, 'alice')
  t.match(other.stderr, /needs LoadCredentialEncrypted=scoped:\/tmp\/scoped/)
})
