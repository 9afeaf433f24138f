/**
 * What the market did in the last minute: requests finished, cut short, refused and why, and tokens,
 * requests finished and refused by model. One slot a second; a note is O(1), a reading O(60).
 */
import type { Command, ModelId, Refusal } from "../../engine/index.ts"
import { microsPerSecond, refusals } from "../../engine/index.ts"
import type { LiveServices } from "../directory/services.ts"

const seconds = 60

export interface MinuteRates {
  readonly take: (command: Command) => void
  readonly read: () => {
    readonly finished: number
    readonly failed: number
    readonly refused: number
    /** Reasons that there were. */
    readonly refusedBy: Readonly<Partial<Record<Refusal, number>>>
    readonly tokensPerSecond: number
  }
  readonly readModel: (model: ModelId) => {
    readonly finished: number
    readonly refused: number
    readonly tokensPerSecond: number
  }
  /** The kernel's refusal does not name the model: whoever asked for it says so. */
  readonly noteRefused: (model: ModelId) => void
}

interface Ring {
  readonly counts: Float64Array
  readonly stamps: Float64Array
}

interface ModelRings {
  readonly finished: Ring
  readonly refused: Ring
  readonly tokens: Ring
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
  const refused = Object.fromEntries(refusals.map((reason) => [reason, makeRing()])) as Readonly<
    Record<Refusal, Ring>
  >
  const tokens = makeRing()
  const byModel = new Map<number, ModelRings>()
  const now = (): number => Math.floor(driver.clock.nowMicros() / microsPerSecond)
  const ringsOf = (model: ModelId): ModelRings => {
    const known = byModel.get(model)
    if (known !== undefined) return known
    const rings = { finished: makeRing(), refused: makeRing(), tokens: makeRing() }
    byModel.set(model, rings)
    return rings
  }
  return {
    take: (command) => {
      if (command._tag === "Refuse") return add(refused[command.reason], now(), 1)
      if (command._tag !== "Finish") return
      const second = now()
      add(command.outcome === "completed" ? finished : failed, second, 1)
      add(tokens, second, command.outputTokens)
      const model = directory.instances.get(command.instance)?.model
      if (model === undefined) return
      const rings = ringsOf(model)
      add(rings.tokens, second, command.outputTokens)
      if (command.outcome === "completed") add(rings.finished, second, 1)
    },
    read: () => {
      const second = now()
      const reasons = refusals.map((reason) => [reason, sum(refused[reason], second)] as const)
      return {
        finished: sum(finished, second),
        failed: sum(failed, second),
        refused: reasons.reduce((total, [, number]) => total + number, 0),
        refusedBy: Object.fromEntries(reasons.filter(([, number]) => number > 0)),
        tokensPerSecond: sum(tokens, second) / seconds,
      }
    },
    readModel: (model) => {
      const rings = byModel.get(model)
      if (rings === undefined) return { finished: 0, refused: 0, tokensPerSecond: 0 }
      const second = now()
      return {
        finished: sum(rings.finished, second),
        refused: sum(rings.refused, second),
        tokensPerSecond: sum(rings.tokens, second) / seconds,
      }
    },
    noteRefused: (model) => add(ringsOf(model).refused, now(), 1),
  }
}
