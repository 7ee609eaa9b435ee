import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import * as kernel from '../../src/fuse/wire/kernel.ts'
import type { Struct } from '../../src/fuse/wire/layout.ts'
import { refused, rowOf, served } from '../../src/fuse/wire/ops.ts'
import { fieldsOf } from '../support/struct-fields.ts'

/** linux/fuse.h as the C compiler sees it, against the struct tables. */
const HEADER = '/usr/include/linux/fuse.h'
const missing = !existsSync(HEADER) || spawnSync('cc', ['--version']).status !== 0
const skip = missing && 'needs cc and linux-libc-dev'

/** Fields that older headers call otherwise or don't have, and the minor version that brought them. */
const since: Record<string, number> = {
  'fuse_open_out.backing_id': 40,
  'fuse_init_out.max_stack_depth': 40,
  'fuse_init_out.request_timeout': 43,
  'fuse_in_header.total_extlen': 38,
  'fuse_notify_inval_entry_out.flags': 38,
}

/** In the header, a struct within the struct. */
const nested: Record<string, string> = { fuse_statfs_out: 'st.' }

/** Sent in two parts: the kernel's struct goes on with the second word of flags. */
const partial = new Set(['fuse_init_in', 'fuse_init_in_ext'])

const structs = Object.values(kernel).filter(
  (value): value is typeof value & Struct<object> => typeof value === 'object' && 'read' in value,
)

/** Compile and run a program of these lines; returns what it prints. */
function run(dir: string, lines: string[]): string[] {
  const program = join(dir, 'probe')
  execFileSync('cc', ['-x', 'c', '-o', program, '-'], {
    input: `#include <stddef.h>\n#include <stdio.h>\n#include <linux/fuse.h>\nint main(void) {\n${lines.join('\n')}\n}\n`,
    cwd: dir,
  })
  return execFileSync(program, { encoding: 'utf8' }).trimEnd().split('\n')
}

t.test('sizes and offsets of every struct are those of the C compiler', { skip }, (t) => {
  const whole = structs.filter(({ name }) => !partial.has(name))
  const ours = whole.flatMap((struct) => [
    {
      line: `${struct.name} ${struct.size}`,
      c: `printf("${struct.name} %zu\\n", sizeof(struct ${struct.name}));`,
      minor: 0,
    },
    ...fieldsOf(struct).map(({ field, at, size }) => {
      const id = `${struct.name}.${field}`
      const { name } = struct
      const member = `${nested[name] ?? ''}${field}`
      const c = `printf("${id} %zu %zu\\n", offsetof(struct ${name}, ${member}), sizeof(((struct ${name} *)0)->${member}));`
      return { line: `${id} ${at} ${size}`, c, minor: since[id] ?? 0 }
    }),
  ])
  const theirs = run(
    t.testdir(),
    ours.map(({ c, minor }) => `#if FUSE_KERNEL_MINOR_VERSION >= ${minor}\n${c}\n#endif`),
  )
  const known = new Set(theirs.map((line) => line.split(' ')[0]))
  t.same(
    ours.map(({ line }) => line).filter((line) => known.has(line.split(' ')[0])),
    theirs,
  )
  const left = ours
    .filter(({ line }) => !known.has(line.split(' ')[0] ?? ''))
    .map(({ line }) => line.split(' ')[0])
  t.ok(
    left.every((id) => id !== undefined && id in since),
    'what the header does not know is newer than it',
  )
  t.ok(theirs.length > 80, `${theirs.length} lines compared`)
  t.end()
})

t.test('INIT flags, notification codes and open flags are those of the header', { skip }, (t) => {
  const values: Record<string, bigint> = {
    ...Object.fromEntries(
      Object.entries(kernel.initFlag).map(([name, bit]) => [`FUSE_${name}`, 1n << BigInt(bit)]),
    ),
    FOPEN_DIRECT_IO: BigInt(kernel.FOPEN_DIRECT_IO),
    FOPEN_NOFLUSH: BigInt(kernel.FOPEN_NOFLUSH),
    FUSE_READ_LOCKOWNER: BigInt(kernel.FUSE_READ_LOCKOWNER),
    FUSE_ROOT_ID: BigInt(kernel.FUSE_ROOT_ID),
    FUSE_KERNEL_VERSION: BigInt(kernel.FUSE_KERNEL_VERSION),
  }
  const printed = run(t.testdir(), [
    ...Object.keys(values).map(
      (name) =>
        `#ifdef ${name}\nprintf("${name} %llu\\n", 1ULL * (${name} < 0 ? (unsigned)${name} : ${name}));\n#endif`,
    ),
    'printf("INVAL_INODE %d\\n", FUSE_NOTIFY_INVAL_INODE);',
    'printf("INVAL_ENTRY %d\\n", FUSE_NOTIFY_INVAL_ENTRY);',
    'printf("DELETE %d\\n", FUSE_NOTIFY_DELETE);',
  ])
  const notifications = Object.entries(kernel.notifyCode).map(([name, code]) => [name, BigInt(code)])
  const all = new Map([...Object.entries(values), ...(notifications as [string, bigint][])])
  for (const line of printed) {
    const [name = '', value = ''] = line.split(' ')
    t.equal(String(all.get(name)), value, name)
  }
  t.ok(printed.length > 35, `${printed.length} constants compared`)
  t.end()
})

t.test('every operation of the header has a row under its own name', { skip }, (t) => {
  const [, body = ''] = /enum fuse_opcode \{([^}]*)\}/.exec(readFileSync(HEADER, 'utf8')) ?? []
  const theirs = [...body.matchAll(/^\s*FUSE_(\w+)\s*=\s*(\d+)/gm)]
    .map(([, name = '', code]) => ({ name: name.toLowerCase(), code: Number(code) }))
    .filter(({ name }) => name !== 'init_bswap_reserved')
  t.ok(theirs.length >= 46, `${theirs.length} operations found`)
  for (const { name, code } of theirs) t.equal(rowOf(code).name, name)
  t.equal(Object.keys({ ...served, ...refused }).length, 50)
  t.end()
})
