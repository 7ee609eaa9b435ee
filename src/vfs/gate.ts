import type { AuditEvent } from '../audit/record.ts'
import { errno } from '../base/errno.ts'
import type { Caller, CallerDetails, Unknown } from '../caller/caller.ts'
import type { InUnit } from '../caller/cgroup.ts'
import type { Invocation } from '../caller/invocation.ts'
import { PARKED, refuse, type Refusal } from '../fuse/handler.ts'
import type { InHeader } from '../fuse/wire/kernel.ts'
import type { Decision } from '../policy/evaluate.ts'
import type { Reads } from '../policy/rules.ts'
import type { Allowances, UnitStart } from './allowances.ts'
import { isPresent } from './table.ts'
import type { SecretFile } from './secrets.ts'
import { mustWait } from './waiting.ts'

/** Tells who asks; implemented by caller/identify. Everything is read while the caller waits for the answer, so no pid can be reused. */
export interface Callers {
  identify(tid: number, uid: number, gid: number): Caller | Unknown
  details(tid: number): CallerDetails
  invocation(placement: InUnit): Invocation | undefined
  /** systemd's id of the unit's current start. */
  invocationId(placement: InUnit): string | undefined
}

export interface GateOptions {
  readonly callers: Callers
  readonly allowances: Allowances
  readonly audit: { add(event: AuditEvent): void }
  /** Tells this mount from others: requests are numbered within one. */
  readonly connection: string
}

/** include/uapi/linux/fuse.h, FUSE_UNIQUE_RESEND. */
const RESENT = 1n << 63n

/** Who may open and read: identify the caller, decide, account, write it down. */
export class Gate {
  refused = 0
  readonly #options: GateOptions

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** OPEN: identity and allowance. Undefined lets the caller through; one who waits for a value is asked again, and written down, when it is there. */
  open(file: SecretFile, header: InHeader): Refusal | typeof PARKED | undefined {
    const { allowances } = this.#options
    const asked = { header, caller: this.#identify(header) }
    const identity = file.access.rule.decide(asked.caller)
    const start = readsOf(file, identity).kind === 'always' ? undefined : this.#start(asked)
    const decision = this.#allow(file, identity, start)
    if (!decision.allowed) return this.#deny('open', file, decision, asked)
    const { value } = file
    if (mustWait(value, header)) return PARKED
    if (!isPresent(value)) {
      const reason = 'failing' in value ? value.failing : 'it is still being opened'
      this.#write('open', 'failed', file, { rule: decision.rule, reason }, asked)
      return refuse(errno.EIO)
    }
    allowances.take(file.path, readsOf(file, decision), start)
    this.#write('open', 'allowed', file, decision, asked)
    return undefined
  }

  /**
   * READ: identity only, again, because a descriptor can come from another process. What the kernel has in its page cache it gives to everyone who
   * has a descriptor, without asking: a restricted secret never goes there (`forCache`).
   */
  read(file: SecretFile, header: InHeader, forCache = false): Refusal | undefined {
    if (!file.access.rule.restricted) return undefined
    const caller = this.#identify(header)
    const identity = file.access.rule.decide(caller)
    const decision = identity.allowed && forCache ? notForCache : identity
    return decision.allowed ? undefined : this.#deny('read', file, decision, { header, caller })
  }

  /** The caller's unit, or undefined for one in no unit. */
  unitOf(header: InHeader): string | undefined {
    return inUnit(this.#identify(header))?.unit
  }

  #identify({ pid, uid, gid }: InHeader): Caller | Unknown {
    return this.#options.callers.identify(pid, uid, gid)
  }

  #start({ caller, header }: Asked): UnitStart | undefined {
    const placement = inUnit(caller)
    const invocation = placement && this.#options.callers.invocation(placement)
    // The kernel sends a request again with the same number and FUSE_UNIQUE_RESEND.
    const request = `${this.#options.connection}:${header.unique & ~RESENT}`
    return placement && invocation && { ...invocation, unitPath: placement.unitPath, request }
  }

  #allow(file: SecretFile, decision: Decision, start: UnitStart | undefined): Decision {
    if (!decision.allowed) return decision
    const objection = this.#options.allowances.objection(file.path, readsOf(file, decision), start)
    return objection === undefined ? decision : { allowed: false, rule: 'reads', reason: objection }
  }

  #deny(operation: AuditEvent['operation'], file: SecretFile, decision: Decision, asked: Asked): Refusal {
    this.refused++
    this.#write(operation, 'denied', file, decision, asked)
    return refuse(errno.EACCES)
  }

  #write(
    operation: AuditEvent['operation'],
    outcome: AuditEvent['decision'],
    file: SecretFile,
    { rule, reason }: Pick<Decision, 'rule' | 'reason'>,
    { header, caller }: Asked,
  ): void {
    const placement = inUnit(caller)
    const { pid, comm, exe } = this.#options.callers.details(header.pid)
    this.#options.audit.add({
      secret: file.path,
      operation,
      decision: outcome,
      rule,
      reason,
      unit: placement?.unit ?? null,
      userUnit: placement?.userUnit ?? null,
      invocation: (placement && this.#options.callers.invocationId(placement)) ?? null,
      pid: pid ?? null,
      tid: header.pid,
      uid: header.uid,
      gid: header.gid,
      comm: comm ?? null,
      exe: exe ?? null,
    })
  }
}

const notForCache: Decision = {
  allowed: false,
  rule: 'units',
  reason:
    'with a unit rule only read(2) is answered: mmap, sendfile and splice go through the page cache, which knows no units',
}

/** A request and who makes it. */
interface Asked {
  readonly header: InHeader
  readonly caller: Caller | Unknown
}

function inUnit(caller: Caller | Unknown): InUnit | undefined {
  return 'placement' in caller && 'unit' in caller.placement ? caller.placement : undefined
}

/** PID 1 reads for every start of every unit: an allowance per start of its own unit would mean once per boot. */
function readsOf(file: SecretFile, { rule }: Decision): Reads {
  return rule === 'manager' ? { kind: 'always' } : file.access.rule.rule.reads
}
