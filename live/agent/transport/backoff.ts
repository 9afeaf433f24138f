/**
 * How long to wait before the next try: twice as long each time, from `firstMillis` to `mostMillis`,
 * of which a random part of up to one half is taken off, so that a thousand agents that lost the same
 * gateway do not come back in step.
 */
import { Duration, Schedule } from "effect"

export interface BackoffOptions {
  readonly firstMillis?: number
  readonly mostMillis?: number
}

/** Never ends. Each wait is in (ceiling / 2, ceiling], the ceiling doubling each time. */
export const backoff = ({
  firstMillis = 500,
  mostMillis = 30_000,
}: BackoffOptions = {}): Schedule.Schedule<number> =>
  Schedule.unfold(firstMillis, (ceiling) => Math.min(mostMillis, ceiling * 2)).pipe(
    Schedule.addDelay((ceiling) => Duration.millis(ceiling)),
    Schedule.jitteredWith({ min: 1, max: 0.5 }),
  )
