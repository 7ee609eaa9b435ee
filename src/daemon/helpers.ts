import type { SourceKind } from '../config/config.ts'
import { inputsOf } from '../config/template-inputs.ts'
import type { Job } from './unseal-protocol.ts'

/** Sources that are a file of their own, and for which the processor is all that it takes. */
const APART: ReadonlySet<SourceKind> = new Set<SourceKind>(['sealed', 'age'])
/** A child takes as long to start as it takes for a few hundred secrets. */
const LEAST = 1000
/** Children at one job; each has a heap of its own. */
const MOST = 4

/**
 * What further children are to open beside the first one, which goes from the start: indexes of a job of which `isOpen` ones are open already, for each child in its own
 * order, so that they meet late. Everything that depends on other secrets, is in one file with them or waits for something is left to the first. None where there
 * are few, or the first one has the only processor.
 */
export function helperOrders(
  secrets: Job['secrets'],
  isOpen: (index: number) => boolean,
  processors: number,
): number[][] {
  const inputs = new Set(secrets.flatMap(({ source }) => inputsOf(source)))
  const apart = [...secrets.keys()].filter((index) => {
    const secret = secrets[index]
    return secret !== undefined && APART.has(secret.source.kind) && !inputs.has(secret.name) && !isOpen(index)
  })
  const helpers = Math.max(0, Math.min(processors, MOST, Math.floor(apart.length / LEAST)) - 1)
  apart.reverse()
  return Array.from({ length: helpers }, (_, helper) => {
    const start = Math.floor((helper * apart.length) / (helpers + 1))
    return [...apart.slice(start), ...apart.slice(0, start)]
  })
}
