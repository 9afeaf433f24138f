/**
 * How long to wait before the next try: twice as long each time, from `firstMillis` to `mostMillis`,
 * of which a random part of up to one half is taken off, so that a thousand agents that lost the same
 * gateway do not come back in step.
 */
import { randomUUID } from "node:crypto"
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"

export interface Backoff {
  /** The wait before the next try, ms: in (ceiling / 2, ceiling], the ceiling doubling each time. */
  readonly nextMillis: () => number
  /** A try succeeded. */
  readonly reset: () => void
}

export interface BackoffOptions {
  readonly firstMillis?: number
  readonly mostMillis?: number
  readonly stream?: Stream
}

export const makeBackoff = ({
  firstMillis = 500,
  mostMillis = 30_000,
  stream = openStream(randomUUID(), "backoff", 0),
}: BackoffOptions = {}): Backoff => {
  let ceiling = firstMillis
  return {
    nextMillis: () => {
      const millis = ceiling * (1 - stream.next() / 2)
      ceiling = Math.min(mostMillis, ceiling * 2)
      return millis
    },
    reset: () => {
      ceiling = firstMillis
    },
  }
}

/** Waits, or less where the signal says so. Never rejects. */
export const pause = (millis: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, millis)
    signal?.addEventListener("abort", done)
  })
