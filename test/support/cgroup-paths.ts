/** Paths of cgroups with what is right for each: for the tests of the rule, and for asking libsystemd about the same paths. */
import type { InUnit } from '../../src/caller/cgroup.ts'

export const plain = { slice: '-.slice', userUid: undefined, userUnit: undefined, userUnitPath: undefined }
const long = (length: number) => `${'u'.repeat(length - '.service'.length)}.service`
export const manager = '/user.slice/user-1000.slice/user@1000.service'

/** Path, its unit, the unit's own path, and what else isn't `plain`. */
export const inUnits: [path: string, unit: string, unitPath: string, rest?: Partial<InUnit>][] = [
  // The component itself.
  ['/a.service', 'a.service', '/a.service'],
  ['/init.scope', 'init.scope', '/init.scope'],
  ['/a.socket', 'a.socket', '/a.socket'],
  ['/a.mount', 'a.mount', '/a.mount'],
  ['/a.swap', 'a.swap', '/a.swap'],
  ['/a.scope', 'a.scope', '/a.scope'],
  ['/a@b.service', 'a@b.service', '/a@b.service'],
  ['/a@b@c.service', 'a@b@c.service', '/a@b@c.service'],
  ['/foo@a-b\\x2dc.service', 'foo@a-b\\x2dc.service', '/foo@a-b\\x2dc.service'],
  ['/a:b_c-d.e.service', 'a:b_c-d.e.service', '/a:b_c-d.e.service'],
  [`/${long(255)}`, long(255), `/${long(255)}`],
  // One escaping underscore goes, no more.
  ['/_a.service', 'a.service', '/_a.service'],
  ['/__a.service', '_a.service', '/__a.service'],
  ['/_cgroup.service', 'cgroup.service', '/_cgroup.service'],
  [`/_${long(255)}`, long(255), `/_${long(255)}`],
  // Slices are skipped.
  ['/system.slice/a.service', 'a.service', '/system.slice/a.service', { slice: 'system.slice' }],
  ['/a.slice/a-b.slice/c.service', 'c.service', '/a.slice/a-b.slice/c.service', { slice: 'a-b.slice' }],
  ['/-.slice/c.service', 'c.service', '/-.slice/c.service', { slice: '-.slice' }],
  ['/_cpu.slice/c.service', 'c.service', '/_cpu.slice/c.service', { slice: 'cpu.slice' }],
  ['/__cpu.slice/c.service', 'c.service', '/__cpu.slice/c.service', { slice: '_cpu.slice' }],
  ['/x.slice/c.service', 'c.service', '/x.slice/c.service', { slice: 'x.slice' }],
  [
    '/foo.service.slice/c.service',
    'c.service',
    '/foo.service.slice/c.service',
    { slice: 'foo.service.slice' },
  ],
  [
    '/system.slice/system-getty.slice/getty@tty1.service',
    'getty@tty1.service',
    '/system.slice/system-getty.slice/getty@tty1.service',
    { slice: 'system-getty.slice' },
  ],
  [
    '/machine.slice/machine-web.scope/payload/system.slice/foo.service',
    'machine-web.scope',
    '/machine.slice/machine-web.scope',
    { slice: 'machine.slice' },
  ],
  // What is below a unit belongs to it.
  ['/a.service/b.service', 'a.service', '/a.service'],
  ['/a.service/.control', 'a.service', '/a.service'],
  ['/a.service/x.slice/b.service', 'a.service', '/a.service'],
  ['/a.service/b:c d', 'a.service', '/a.service'],
  ['/a.service/ü\u0001', 'a.service', '/a.service'],
  ['/a.service/x (deleted)/y', 'a.service', '/a.service'],
  ['/a.service/...', 'a.service', '/a.service'],
  ['/a.service/..x', 'a.service', '/a.service'],
  [
    '/system.slice/docker-0123.scope/init',
    'docker-0123.scope',
    '/system.slice/docker-0123.scope',
    { slice: 'system.slice' },
  ],
  [
    '/user.slice/user-1000.slice/session-2.scope/foo.service',
    'session-2.scope',
    '/user.slice/user-1000.slice/session-2.scope',
    { slice: 'user-1000.slice' },
  ],
  // User managers.
  ['/user@0.service', 'user@0.service', '/user@0.service', { userUid: 0 }],
  [
    '/user@4294967294.service',
    'user@4294967294.service',
    '/user@4294967294.service',
    { userUid: 4294967294 },
  ],
  ['/user@65535.service', 'user@65535.service', '/user@65535.service'],
  ['/user@4294967295.service', 'user@4294967295.service', '/user@4294967295.service'],
  ['/user@4294967296.service', 'user@4294967296.service', '/user@4294967296.service'],
  ['/user@99999999999.service', 'user@99999999999.service', '/user@99999999999.service'],
  ['/user@01.service/a.service', 'user@01.service', '/user@01.service'],
  ['/user@alice.service/a.service', 'user@alice.service', '/user@alice.service'],
  ['/user@1000@2.service/a.service', 'user@1000@2.service', '/user@1000@2.service'],
  ['/user@1000.scope/a.service', 'user@1000.scope', '/user@1000.scope'],
  ['/user@-1.service/a.service', 'user@-1.service', '/user@-1.service'],
  ['/_user@1000.service/a.service', 'user@1000.service', '/_user@1000.service'],
  ['/a.service/user@1000.service/b.service', 'a.service', '/a.service'],
]

/** Below a user manager: the user's unit and its path from there. */
export const belowManager: [below: string, userUnit: string | undefined, userUnitBelow?: string][] = [
  ['', undefined],
  ['/app.slice', undefined],
  ['/init.scope', 'init.scope', '/init.scope'],
  ['/b.service', 'b.service', '/b.service'],
  ['/app.slice/postgresql.service', 'postgresql.service', '/app.slice/postgresql.service'],
  ['/app.slice/app-x.slice/b@c.service/d.service', 'b@c.service', '/app.slice/app-x.slice/b@c.service'],
  ['/_cgroup.service/x', 'cgroup.service', '/_cgroup.service'],
  ['/user@1000.service/b.service', 'user@1000.service', '/user@1000.service'],
  ['/by-hand', undefined],
  ['/by-hand/b.service', undefined],
  ['/app.slice/b@.service', undefined],
  ['/app@x.slice/b.service', undefined],
]

const malformed = 'its cgroup path is malformed'
const outside = "its cgroup is outside of the server's cgroup namespace"
const slice = 'its cgroup is a slice'
const unnamed = 'its cgroup is not named as a unit'
const removed = 'its cgroup was removed'

export const inNone: [path: string, reason: string][] = [
  ['', malformed],
  ['a.service', malformed],
  ['system.slice/a.service', malformed],
  [' /a.service', malformed],
  ['//', malformed],
  ['//a.service', malformed],
  ['/a.service/', malformed],
  ['/a.service//b', malformed],
  ['/system.slice//a.service', malformed],
  ['/system.slice/', malformed],
  ['/.', malformed],
  ['/./a.service', malformed],
  ['/a.service/.', malformed],
  ['/', 'it is in the root cgroup'],
  ['/..', outside],
  ['/../a.service', outside],
  ['/../../system.slice/a.service', outside],
  ['/a.service/..', outside],
  ['/a.service/../b.service', outside],
  ['/system.slice/../a.service', outside],
  ['/ (deleted)', removed],
  ['/a.service (deleted)', removed],
  ['/system.slice/a.service (deleted)', removed],
  ['/a.service/x (deleted)', removed],
  ['/system.slice', slice],
  ['/a.slice/a-b.slice/a-b-c.slice', slice],
  ['/_cpu.slice', slice],
  ['/foo.service.slice', slice],
  ['/a', unnamed],
  ['/a.b', unnamed],
  ['/.service', unnamed],
  ['/_.service', unnamed],
  ['/_', unnamed],
  ['/.slice/a.service', unnamed],
  ['/_.slice/a.service', unnamed],
  ['/a.slice.d/a.service', unnamed],
  ['/a@b.slice/a.service', unnamed],
  ['/a@b.slice', unnamed],
  ['/a@.slice/a.service', unnamed],
  ['/a b.slice/a.service', unnamed],
  ['/a@.service', unnamed],
  ['/@b.service', unnamed],
  ['/a.service ', unnamed],
  ['/ a.service', unnamed],
  ['/a.Service', unnamed],
  ['/a\n.service', unnamed],
  ['/ä.service', unnamed],
  ['/a\ufffd.service', unnamed],
  ['/a.service\0', unnamed],
  ['/a+b.service', unnamed],
  [`/${long(256)}`, unnamed],
  ['/system.slice/x/a.service', unnamed],
  ['/docker/0123456789abcdef', unnamed],
  ['/kubepods/burstable/pod1/a.service', unnamed],
]
