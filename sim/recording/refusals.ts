/** Why calls were given up: the market's reasons, each counted by itself. */
import type { Refusal } from "../../engine/index.ts"
import { refusals } from "../../engine/index.ts"

/** Items of batches alone are refused as Expired, and batches count what comes too late. */
export type CallRefusal = Exclude<Refusal, "Expired">

const isOfCalls = (refusal: Refusal): refusal is CallRefusal => refusal !== "Expired"

export const refusalChannels = refusals
  .filter(isOfCalls)
  .map((refusal) => `refused.${refusal}` as const)
export type RefusalChannel = (typeof refusalChannels)[number]

/** Of whatever is counted by channel, that of all reasons. */
export const refusedIn = (amountOf: (channel: RefusalChannel) => number): number =>
  refusalChannels.reduce((sum, channel) => sum + amountOf(channel), 0)
