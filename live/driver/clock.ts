/**
 * The live mode's clock: whole microseconds since the market was opened, never going back, whatever
 * happens to the machine's own clock.
 */
import { Context } from "effect"

export interface Clock {
  /** µs since the market was opened. */
  readonly nowMicros: () => number
  /** Calls `wake` once, at `atMicros` or soon after; gives what cancels it. */
  readonly wakeAt: (atMicros: number, wake: () => void) => () => void
}

export class MarketClock extends Context.Tag("evenkeel/MarketClock")<MarketClock, Clock>() {}

/** `setTimeout` takes no longer waits; a wake further off is approached in steps. */
const longestWaitMillis = 2 ** 30

/**
 * The machine's clock. `openedAtMillis`: Unix time at which the market was opened; `notBefore`: µs
 * that the market had reached when the process before this one ended.
 */
export const systemClock = (openedAtMillis: number, notBefore: number): Clock => {
  // The wall clock is read once: from here on time is what passes, not what an adjusted clock shows.
  const startedMicros = Math.max(notBefore, Math.round((Date.now() - openedAtMillis) * 1000))
  const startedMillis = performance.now()
  const nowMicros = (): number =>
    startedMicros + Math.floor((performance.now() - startedMillis) * 1000)
  const wakeAt = (atMicros: number, wake: () => void): (() => void) => {
    let timer: NodeJS.Timeout | undefined
    const wait = (): void => {
      const leftMillis = Math.max(0, Math.ceil((atMicros - nowMicros()) / 1000))
      timer = setTimeout(
        () => (leftMillis > longestWaitMillis ? wait() : wake()),
        Math.min(leftMillis, longestWaitMillis),
      )
      // The server keeps the process alive, a timer alone does not.
      timer.unref()
    }
    wait()
    return () => clearTimeout(timer)
  }
  return { nowMicros, wakeAt }
}
