/**
 * What the market asks of the world, command by command.
 */
import type { Command } from "../../engine/index.ts"
import { bountyPoolAccount, giftLot, lotOf } from "../../engine/index.ts"
import { onDispatched, onFinished, onRefused } from "./attempts.ts"
import type { World } from "./world.ts"
import { measureActor, probeActor, send } from "./world.ts"

/** Acts on one command. */
export const act = (world: World, command: Command): void => {
  switch (command._tag) {
    case "Dispatch":
      return onDispatched(world, command)
    case "Finish":
      return onFinished(world, command)
    case "Post":
      return onPosted(world, command)
    case "Refuse":
      return onRefused(world, command)
    case "Probe":
      world.nodes.columns.probeTokens[command.instance] = command.tokens
      return send(world, world.probeAnswers, probeActor, command.instance, command.probe)
    case "Measure":
      return send(world, world.measurements, measureActor, command.instance, command.measurement)
    case "Park":
      world.recorder.add("parks", 1)
      world.nodes.columns.parks[command.instance]++
      return
    case "FailOver":
    case "Announce":
    case "Audit":
      return
    case "Rejected":
      // An answer that the kernel has given up on meanwhile comes too late, and that is all.
      if (command.reason === "StaleProbe" || command.reason === "StaleMeasurement") return
      // The simulator knows the rules: an event of its own that is refused is a mistake in it.
      throw new Error(`simulator: ${command.event} was rejected: ${command.reason}`)
  }
}

const onPosted = (world: World, command: Extract<Command, { _tag: "Post" }>): void => {
  const { recorder, credit } = world
  const credits = command.amount / credit
  switch (command.kind) {
    case "charge":
      recorder.noteCharge(credits)
      if (lotOf(command.debit)?.lot === giftLot) recorder.add("promotionsSpent", credits)
      return
    case "share":
      return recorder.noteShare(credits)
    case "fee":
      return recorder.noteFee(credits)
    case "poolFee":
      return recorder.notePoolFee(credits)
    case "withheld":
      return recorder.add("withheld", credits)
    case "bounty":
    case "vestingBounty":
      recorder.add("bountyPaid", credits)
      return shareBounty(world, command)
    case "purchase":
      return recorder.add("bought", credits)
    case "withdrawal":
      return recorder.add("withdrawn", credits)
    case "grant":
    case "vested":
    case "clawback":
    case "funding":
      return
  }
}

/** The kernel's hour has turned: what was claimed in it is paid, and claims begin anew. */
export const onHourTurned = ({ nodes }: World): void => {
  nodes.columns.claimHour.fill(0)
}

/** Gives each of an operator's nodes its part of the bounty, by what it claimed this hour. */
const shareBounty = (world: World, command: Extract<Command, { _tag: "Post" }>): void => {
  if (command.debit !== bountyPoolAccount) return
  const customer = lotOf(command.credit)?.customer ?? -1
  const operator = world.operatorOfCustomer[customer]
  const { columns } = world.nodes
  const nodes = world.nodesOf[operator]
  let claimed = 0
  for (const node of nodes) claimed += columns.claimHour[node]
  if (claimed === 0) return
  for (const node of nodes) {
    const part = (command.amount * columns.claimHour[node]) / claimed
    columns.bounty[node] += part
    columns.paySince[node] += part
  }
}
