/**
 * The synthetic nodes of a run, as a struct of arrays. A node is its own single instance, under the
 * same id; ids are never used again, so a node that left keeps its row for the results.
 */
import { byOffset } from "../../../engine/index.ts"

const kinds = {
  operator: Int32Array,
  device: Int32Array,
  model: Int32Array,
  /** What the node really has, and what it declares. */
  slots: Int32Array,
  declaredSlots: Int32Array,
  declareFactor: Float64Array,
  /** What it is doing, and whether it can be reached, by number (`node-machine.ts`). */
  phase: Uint8Array,
  reach: Uint8Array,
  /** Away of its operator's own will. */
  isPaused: Uint8Array,
  /** Entries of the agenda: what happens to it next, and what the server that it leads does next. */
  lifeEntry: Int32Array,
  serverEntry: Int32Array,
  /** Number of its operator's strategy. */
  strategy: Uint8Array,
  /** Number of the party that it belongs to, and 0 for those of no party. */
  party: Uint8Array,
  /** The node whose server it shares: its own, but where one machine poses as several nodes. */
  lead: Int32Array,
  /** What an hour of it costs, credits: while it waits, and what is added while all of it is busy. */
  idleCost: Float64Array,
  loadCost: Float64Array,
  /** Hours of the whole machine that were sold by the hour and delivered. */
  rentedHours: Float64Array,
  speed: Float64Array,
  inFlight: Int32Array,
  /** Slots that are busy, and slots that there are to be busy, as last noted. */
  busySlots: Int32Array,
  offeredSlots: Int32Array,
  /** Times of what happens to the node next, µs; +∞: nothing. */
  readyAt: Float64Array,
  crashAt: Float64Array,
  detectAt: Float64Array,
  repairAt: Float64Array,
  awayAt: Float64Array,
  returnAt: Float64Array,
  hiccupAt: Float64Array,
  hiccupUntil: Float64Array,
  decideAt: Float64Array,
  leaveAt: Float64Array,
  /** The model that it is about to switch to. */
  target: Int32Array,
  joinedAt: Float64Array,
  leftAt: Float64Array,
  onlineSince: Float64Array,
  onlineMicros: Float64Array,
  /** What `onlineMicros` stood at when demand began. */
  onlineBefore: Float64Array,
  busyMicros: Float64Array,
  busySince: Float64Array,
  requests: Float64Array,
  failures: Float64Array,
  outputTokens: Float64Array,
  /** Output tokens that consumers got from it, and those that they were charged for. */
  deliveredTokens: Float64Array,
  billedTokens: Float64Array,
  share: Float64Array,
  bounty: Float64Array,
  withheld: Float64Array,
  parks: Int32Array,
  /** Tokens of the probe that was sent last. */
  probeTokens: Int32Array,
  switches: Int32Array,
  health: Float64Array,
  /** Bounty claimed this hour. */
  claimHour: Float64Array,
  /** Busy time of its slots at the last decision, µs. */
  busyAtDecision: Float64Array,
  /** Requests and pay since the last sample, and the instance's online time at it, µs. */
  requestsSince: Float64Array,
  paySince: Float64Array,
  onlineAtSample: Float64Array,
  /** Time of the last decision, µs; pay, online time and ramp at it. */
  decidedAt: Float64Array,
  payAtDecision: Float64Array,
  onlineAtDecision: Float64Array,
  rampAtDecision: Float64Array,
  /** When it began to serve the model it switched to, µs. */
  switchedAt: Float64Array,
} as const

type Kinds = typeof kinds
export type NodeColumns = { [K in keyof Kinds]: InstanceType<Kinds[K]> }

export class NodesTable {
  count = 0
  readonly columns: NodeColumns

  constructor(capacity: number) {
    this.columns = columnsOf(Math.max(16, capacity))
  }

  /** Adds a node with zeroed columns and returns its id. */
  add(): number {
    if (this.count === this.columns.operator.length) {
      const wider = columnsOf(2 * this.count)
      for (const name of Object.keys(kinds) as Array<keyof Kinds>) {
        wider[name].set(this.columns[name])
        // Each column keeps its own array type; the index signature cannot say so.
        ;(this.columns as Record<string, unknown>)[name] = wider[name]
      }
    }
    return this.count++
  }
}

const columnsOf = (capacity: number): NodeColumns => {
  const columns = Object.entries(kinds).map(([name, Kind]) => [name, new Kind(capacity)])
  return byOffset(Object.fromEntries(columns) as NodeColumns)
}
