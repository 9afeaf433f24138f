/**
 * How many calls one key may make a minute: a bucket that holds a tenth of a minute's calls at most
 * and fills steadily, so that a burst passes and a flood does not.
 */
import { microsPerSecond } from "../../../engine/index.ts"
import { HttpError } from "../../http/http-error.ts"

export interface CallRate {
  /** Counts a call of a key; gives the error for the client where it is one too many. */
  readonly take: (key: number, nowMicros: number) => HttpError | undefined
}

const microsPerMinute = 60 * microsPerSecond
const burstShare = 0.1

export const makeCallRate = (callsPerMinute: number): CallRate => {
  const burst = Math.max(1, Math.ceil(callsPerMinute * burstShare))
  const microsPerCall = microsPerMinute / callsPerMinute
  /** By key: when its bucket would be full again, µs. */
  const fullAt = new Map<number, number>()
  return {
    take: (key, nowMicros) => {
      const before = Math.max(nowMicros, fullAt.get(key) ?? 0)
      const after = before + microsPerCall
      const waitMicros = after - nowMicros - burst * microsPerCall
      if (waitMicros <= 0) {
        fullAt.set(key, after)
        return undefined
      }
      return new HttpError({
        status: 429,
        type: "rate_limit_error",
        code: "rate_limit_exceeded",
        message: `More than ${callsPerMinute} calls a minute with this key`,
        retryAfterSeconds: waitMicros / microsPerSecond,
      })
    },
  }
}
