/** Who takes part in the demonstration: six hosts of different speeds, of which one fails; consumers. */
import type { HostAgentOptions } from "../agent/plan/options.ts"

export interface HostPart {
  readonly name: string
  readonly models: ReadonlyArray<string>
  /** Of one stream. */
  readonly tokensPerSecond: number
  readonly slots: number
  readonly faults?: Pick<NonNullable<HostAgentOptions["simulated"]>, "failProbability">
}

export const smallModel = "demo-small" as const
export const largeModel = "demo-large" as const

export const hosts: ReadonlyArray<HostPart> = [
  { name: "H100 in a rack", models: [smallModel, largeModel], tokensPerSecond: 160, slots: 8 },
  { name: "RTX 4090", models: [smallModel], tokensPerSecond: 90, slots: 4 },
  { name: "RTX 3090", models: [smallModel], tokensPerSecond: 60, slots: 4 },
  { name: "Mac Studio", models: [largeModel], tokensPerSecond: 35, slots: 2 },
  { name: "RTX 3060", models: [smallModel], tokensPerSecond: 25, slots: 2 },
  {
    name: "RTX 4080, failing",
    models: [smallModel],
    tokensPerSecond: 80,
    slots: 4,
    faults: { failProbability: 0.5 },
  },
]

export interface ConsumerPart {
  readonly name: string
  readonly model: string
  /** Calls a second, on average. */
  readonly rate: number
  readonly maxTokens: number
  /** Share of its calls that it leaves in the middle. */
  readonly leaveShare: number
  /** Credits that it buys; none: it lives on its gift. */
  readonly buys?: string
}

export const consumers: ReadonlyArray<ConsumerPart> = [
  { name: "a product", model: smallModel, rate: 4, maxTokens: 60, leaveShare: 0, buys: "100" },
  { name: "an agent", model: largeModel, rate: 1.5, maxTokens: 80, leaveShare: 0.2, buys: "100" },
  { name: "a hobbyist", model: smallModel, rate: 1, maxTokens: 40, leaveShare: 0.1 },
]

/** Credits per token, of which 1,000 are a dollar: what an 8B and a 70B model cost in public. */
export const prices = {
  [smallModel]: { input: "0.00003", output: "0.00006" },
  [largeModel]: { input: "0.0001", output: "0.00032" },
} as const
