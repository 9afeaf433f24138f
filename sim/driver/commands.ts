/**
 * Who acts on what the market asks for, command by command.
 */
import type { Command } from "../../engine/index.ts"
import type { Recorder } from "../recording/recorder.ts"
import type { BatchClients } from "./consumers/batch-clients.ts"
import type { Calls } from "./consumers/calls.ts"
import type { Hours } from "./hours/hours.ts"
import { isHeeded } from "./hours/hours.ts"
import type { Nodes } from "./nodes/nodes.ts"
import type { ProbeAnswers } from "./nodes/probe-answers.ts"
import { notePosting } from "./observation/postings.ts"
import type { Operators } from "./operators/operators.ts"
import type { Prices } from "./operators/prices.ts"
import type { Setting } from "./stage/setting.ts"

export interface Addressees {
  readonly setting: Setting
  readonly recorder: Recorder
  readonly nodes: Nodes
  readonly probeAnswers: ProbeAnswers
  readonly operators: Operators
  readonly prices: Prices
  readonly calls: Calls
  readonly batchClients: BatchClients
  /** Undefined: nobody sells hours. */
  readonly hours: Hours | undefined
}

/** How a market refuses a price that its host may ask for another time. */
const heeded: ReadonlyArray<string> = ["TooSoon", "RaisedTooFast", "PriceTooLow"]

export const act = (
  {
    setting,
    recorder,
    nodes,
    probeAnswers,
    operators,
    prices,
    calls,
    batchClients,
    hours,
  }: Addressees,
  command: Command,
): void => {
  switch (command._tag) {
    case "Dispatch":
      calls.onBegun(command)
      return nodes.onDispatched(command)
    case "Wait":
      return calls.onWaiting(command)
    case "Preempt":
      return recorder.queue?.count("preemptions")
    case "Recall":
      recorder.queue?.count("recalls")
      return nodes.onRecalled(command)
    case "Finish":
      return calls.onFinished(command)
    case "Post":
      notePosting(recorder, command, setting.credit)
      if (command.kind === "bounty" || command.kind === "vestingBounty")
        operators.shareBounty(command)
      return
    case "Refuse":
      return calls.onRefused(command)
    case "Probe":
      return probeAnswers.onProbe(command)
    case "Measure":
      return probeAnswers.onMeasure(command)
    case "Park":
      recorder.add("parks", 1)
      nodes.columns.parks[command.instance]++
      return
    case "FailOver":
    case "Announce":
      return
    case "Audit":
      return hours?.onAudit(command)
    case "Recheck":
      return probeAnswers.onRecheck(command)
    case "AcceptBatch":
      return batchClients.onAccepted(command)
    case "CloseBatch":
      return batchClients.onClosed(command)
    case "Rejected":
      // An answer that the kernel has given up on meanwhile comes too late, and that is all.
      if (command.reason === "StaleProbe" || command.reason === "StaleMeasurement") return
      if (isHeeded(command.event, command.reason)) return
      if (command.event === "PriceSet" && heeded.includes(command.reason)) return prices.onRefused()
      // The simulator knows the rules: an event of its own that is refused is a mistake in it.
      throw new Error(`simulator: ${command.event} was rejected: ${command.reason}`)
    default:
      return hours?.act(command)
  }
}
