/**
 * What the market did in the last minute: requests finished, cut short, refused, and tokens by
 * model. One slot a second; a note is O(1), a reading O(60).
 */
import type { Command, ModelId } from "../../engine/index.ts"
import { microsPerSecond } from "../../engine/index.ts"
import type { LiveServices } from "../directory/services.ts"

const seconds = 60

export interface MinuteRates {
  readonly take: (command: Command) => void
  readonly read: () => {
    readonly finished: number
    readonly failed: number
    readonly refused: number
    readonly tokensPerSecond: number
  }
  readonly modelTokensPerSecond: (model: ModelId) => number
}

interface Ring {
  readonly counts: Float64Array
  readonly stamps: Float64Array
}

const makeRing = (): Ring => ({
  counts: new Float64Array(seconds),
  stamps: new Float64Array(seconds).fill(-1),
})

const add = ({ counts, stamps }: Ring, second: number, amount: number): void => {
  const at = second % seconds
  if (stamps[at] !== second) counts[at] = 0
  stamps[at] = second
  counts[at] = (counts[at] ?? 0) + amount
}

/** Sum over the last minute, the present second included. */
const sum = ({ counts, stamps }: Ring, second: number): number => {
  let total = 0
  for (let at = 0; at < seconds; at++)
    if ((stamps[at] ?? -1) > second - seconds) total += counts[at] ?? 0
  return total
}

export const makeMinuteRates = ({
  driver,
  directory,
}: Pick<LiveServices, "driver" | "directory">): MinuteRates => {
  const finished = makeRing()
  const failed = makeRing()
  const refused = makeRing()
  const tokens = makeRing()
  const byModel = new Map<number, Ring>()
  const now = (): number => Math.floor(driver.clock.nowMicros() / microsPerSecond)
  const ringOf = (model: ModelId): Ring => {
    const known = byModel.get(model)
    if (known !== undefined) return known
    const ring = makeRing()
    byModel.set(model, ring)
    return ring
  }
  return {
    take: (command) => {
      if (command._tag === "Refuse") return add(refused, now(), 1)
      if (command._tag !== "Finish") return
      const second = now()
      add(command.outcome === "completed" ? finished : failed, second, 1)
      add(tokens, second, command.outputTokens)
      const model = directory.instances.get(command.instance)?.model
      if (model !== undefined) add(ringOf(model), second, command.outputTokens)
    },
    read: () => {
      const second = now()
      return {
        finished: sum(finished, second),
        failed: sum(failed, second),
        refused: sum(refused, second),
        tokensPerSecond: sum(tokens, second) / seconds,
      }
    },
    modelTokensPerSecond: (model) => {
      const ring = byModel.get(model)
      return ring === undefined ? 0 : sum(ring, now()) / seconds
    },
  }
}
