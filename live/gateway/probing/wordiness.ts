/**
 * How many tokens an instance has to be asked for before enough of them show: learnt in its probes and
 * measurements, and forgotten with it. Nobody says here when an instance stops, so that those that have
 * are looked for whenever something is learnt, which is seldom.
 */
import type { InstanceId } from "../../../engine/index.ts"

export interface Wordiness {
  readonly of: (instance: InstanceId) => number | undefined
  readonly learn: (instance: InstanceId, tokens: number) => void
  readonly forget: (instance: InstanceId) => void
  /** Of how many instances something is known. */
  readonly size: () => number
}

export const makeWordiness = (isServed: (instance: InstanceId) => boolean): Wordiness => {
  const known = new Map<number, number>()
  return {
    of: (instance) => known.get(instance),
    learn: (instance, tokens) => {
      known.set(instance, tokens)
      for (const one of known.keys()) if (!isServed(one)) known.delete(one)
    },
    forget: (instance) => void known.delete(instance),
    size: () => known.size,
  }
}
