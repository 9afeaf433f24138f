/** What a replication leaves behind. Plain data: it crosses threads. */
import type { Check, NodeOutcome } from "../results/models/run-model.ts"
import type { NodeMark } from "./node-marks.ts"
import type { HoursRecording } from "./hours-recorder.ts"
import type { Recording } from "./recorder.ts"

export interface Replicated {
  readonly digest: string
  readonly requests: number
  readonly events: number
  readonly recording: Recording
  /** `null`: nobody sells hours. */
  readonly hours: HoursRecording | null
  /** By node, from the start of demand to the last request's end, and their totals at each mark. */
  readonly nodes: ReadonlyArray<NodeOutcome>
  readonly marks: ReadonlyArray<NodeMark>
  /** By node: what its operator goes by; "" for those of a party. */
  readonly strategies: ReadonlyArray<string>
  /** What operators go by that are of no party and chase no bounty, by name, where several are mixed. */
  readonly mixedStrategies: ReadonlyArray<string>
  /** By node: what its tokens are priced by, "" for those of a party; empty where nobody sets prices. */
  readonly priceStrategies: ReadonlyArray<string>
  readonly parties: ReadonlyArray<PartyOutcome>
  readonly checks: Readonly<Record<string, Check>>
}

/** What became of a party, from the start of demand to the last request's end. Money in credits. */
export interface PartyOutcome {
  readonly name: string
  /**
   * What its accounts could take out at the end, bounties that still vest and earlier withdrawals
   * included, less what they bought and what its machines cost.
   */
  readonly profit: number
  readonly share: number
  readonly bounty: number
  readonly withheld: number
  readonly cost: number
  readonly bought: number
  /** What is left of that. */
  readonly boughtLeft: number
  /** What somebody outside of the market paid it for its machines; it is part of the profit. */
  readonly outside: number
  /** What the hours that it rented, and answers to its batches and calls, were worth to it. */
  readonly worthOfHours: number
  /** What its own calls were charged, gifts included, and how many were served. */
  readonly spent: number
  readonly ownCalls: number
  readonly accounts: number
  readonly requests: number
  readonly outputTokens: number
  readonly billedTokens: number
  readonly deliveredTokens: number
  readonly onlineHours: number
  readonly busySlotHours: number
  readonly failures: number
  readonly parks: number
  readonly switches: number
  readonly rejoined: number
  /** Mean health of its nodes at the end, 0…1; NaN where it has none. */
  readonly health: number
}

/** A replication that came to its end. */
export interface Finished {
  readonly _tag: "Done"
  readonly index: number
  readonly wallSeconds: number
  readonly result: Replicated
}
