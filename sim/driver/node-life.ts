/**
 * The life of a node: it joins, loads its model, serves, crashes and is repaired, goes away and
 * returns, switches models, leaves. One entry of the event queue a node covers all of it: the
 * earliest of the times in its row.
 */
import { exponential, logNormal } from "../kernel/variates.ts"
import { abortAll } from "./attempts.ts"
import { accountOfOperator } from "./accounts.ts"
import { beginEpoch, decide } from "./decisions.ts"
import { afterInFlightFell } from "./departures.ts"
import {
  drainingToLeave,
  drainingToSwitch,
  gone,
  loading,
  serving,
  starting,
} from "./nodes-table.ts"
import { beginPeriod } from "./newcomers.ts"
import { load, nodesOfMachine, noteSlots, pauseOnline, scheduleLife } from "./node-state.ts"
import { conductOf, decisionHoursOf, isToRejoin, slotsOfNode } from "./conduct.ts"
import type { World } from "./world.ts"
import { tell } from "./world.ts"

const hourMicros = 3_600_000_000
const dayMicros = 24 * hourMicros
/** Three missed heartbeats. */
const detectionMicros = 90_000_000

/** A node registers and begins to load its first model. `node` has its row in the table. */
export const beginLife = (world: World, node: number): void => {
  const { scenario, now } = world
  const { columns } = world.nodes
  const { churn, faults } = scenario
  // What befalls a machine befalls all its nodes: the clocks of it are those of the first.
  const isLead = columns.lead[node] === node
  const stream = world.faultStreams[node]
  const after = (mean: number): number =>
    !isLead || mean === 0 || mean === Infinity
      ? Infinity
      : now + Math.ceil(exponential(stream, 1 / mean))
  columns.joinedAt[node] = now
  columns.leftAt[node] = -1
  columns.isUp[node] = 1
  columns.phase[node] = starting
  load(world, node, columns.model[node])
  columns.crashAt[node] = after(dayMicros / faults.crashesPerNodeDay)
  columns.hiccupAt[node] = after(dayMicros / faults.hiccupsPerNodeDay)
  columns.detectAt[node] = Infinity
  columns.repairAt[node] = Infinity
  columns.returnAt[node] = Infinity
  const isTaken = isShared(world, node) && churn.awayHours > 0
  columns.awayAt[node] = isTaken ? after(churn.onlineHours * hourMicros) : Infinity
  columns.leaveAt[node] =
    churn.lifetimeDays === 0 || columns.party[node] > 0
      ? Infinity
      : // Established nodes have lived until demand begins: their lifetimes count from there.
        Math.max(now, world.startMicros) +
        Math.ceil(logNormal(stream, Math.log(churn.lifetimeDays * dayMicros), churn.lifetimeSpread))
  // Nobody decides before a whole epoch of experience: when demand begins, the public board, an
  // average over a day, still shows none, and all who looked at it would leave.
  const epoch = decisionHoursOf(world, node) * hourMicros
  columns.decideAt[node] =
    epoch === 0 || !isLead
      ? Infinity
      : Math.round(Math.max(now, world.startMicros) + epoch * (1 + stream.next())) + 1
  columns.onlineSince[node] = now
  tell(world, {
    _tag: "NodeRegistered",
    at: now,
    node,
    account: accountOfOperator(columns.operator[node]),
  })
  scheduleLife(world, node)
}

export const onLife = (world: World, node: number): void => {
  const { columns } = world.nodes
  const { now } = world
  if (columns.readyAt[node] <= now) onReady(world, node)
  else if (columns.crashAt[node] <= now) onCrash(world, node)
  else if (columns.detectAt[node] <= now) {
    columns.detectAt[node] = Infinity
    report(world, node)
  } else if (columns.repairAt[node] <= now) onRepaired(world, node)
  else if (columns.awayAt[node] <= now) onAway(world, node)
  else if (columns.returnAt[node] <= now) onReturned(world, node)
  else if (columns.hiccupAt[node] <= now) onHiccup(world, node)
  else if (columns.leaveAt[node] <= now) leave(world, node)
  else if (columns.decideAt[node] <= now) onDecision(world, node)
  noteSlots(world, node)
  if (columns.phase[node] !== gone) scheduleLife(world, node)
}

/** The model is loaded: the instance starts, or starts to serve the model it switched to. */
const onReady = (world: World, node: number): void => {
  const { columns } = world.nodes
  const isSwitch = columns.phase[node] === loading
  columns.readyAt[node] = Infinity
  if (isSwitch) columns.model[node] = columns.target[node]
  const offer = world.offers.offers[columns.device[node]][columns.model[node]]
  if (offer === null) throw new Error("simulator: a node switched to a model that does not fit it")
  const { slots, declared, ofMachine } = slotsOfNode(world, node, offer.slots)
  columns.slots[node] = slots
  columns.declaredSlots[node] = declared
  const lead = columns.lead[node]
  if (!world.servers.isOpen(lead)) {
    world.servers.open(lead, offer.rates, ofMachine)
    if (columns.speed[node] !== 1)
      world.servers.setSpeedFactor(lead, columns.speed[node], world.now)
  }
  columns.phase[node] = serving
  tell(world, {
    _tag: isSwitch ? "ModelSwitched" : "InstanceStarted",
    at: world.now,
    instance: node,
    node,
    model: columns.model[node],
    slots: columns.declaredSlots[node],
    tokensPerSecond: Math.floor(
      (offer.tokensPerSecond * declared * (conductOf(world, node)?.declaredSpeed ?? 1)) /
        offer.slots,
    ),
    isPlatformAsked: false,
  })
  if (isSwitch) {
    columns.switchedAt[node] = world.now
    columns.switches[node]++
    world.recorder.add("switches", 1)
  }
  beginEpoch(world, node)
  beginPeriod(world, node)
}

const onCrash = (world: World, lead: number): void => {
  const { columns } = world.nodes
  const { faults } = world.scenario
  const stream = world.faultStreams[lead]
  columns.crashAt[lead] = Infinity
  columns.detectAt[lead] = world.now + detectionMicros
  const repair = exponential(stream, 1 / (faults.repairMinutes * 60e6))
  columns.repairAt[lead] = world.now + Math.ceil(repair)
  for (const node of nodesOfMachine(world, lead)) {
    columns.isUp[node] = 0
    // A model that was being loaded is loaded again after the repair.
    columns.readyAt[node] = Infinity
    pauseOnline(world, node)
  }
  abortAll(world, lead)
}

const onRepaired = (world: World, lead: number): void => {
  const { columns } = world.nodes
  const mean = dayMicros / world.scenario.faults.crashesPerNodeDay
  columns.repairAt[lead] = Infinity
  columns.detectAt[lead] = Infinity
  columns.crashAt[lead] = world.now + Math.ceil(exponential(world.faultStreams[lead], 1 / mean))
  for (const node of nodesOfMachine(world, lead)) {
    columns.isUp[node] = 1
    if (columns.phase[node] === starting) load(world, node, columns.model[node])
    else if (columns.phase[node] === loading) load(world, node, columns.target[node])
    if (columns.isAway[node] === 0) columns.onlineSince[node] = world.now
    report(world, node)
    if (node !== lead) scheduleLife(world, node)
  }
}

const onAway = (world: World, lead: number): void => {
  const mean = world.scenario.churn.awayHours * hourMicros
  world.nodes.columns.awayAt[lead] = Infinity
  goAway(world, lead, Math.ceil(exponential(world.faultStreams[lead], 1 / mean)))
}

/** Takes the machine off the market for so long. */
const goAway = (world: World, lead: number, micros: number): void => {
  const { columns } = world.nodes
  columns.returnAt[lead] = world.now + micros
  for (const node of nodesOfMachine(world, lead)) {
    pauseOnline(world, node)
    columns.isAway[node] = 1
    report(world, node)
  }
}

const onReturned = (world: World, lead: number): void => {
  const { columns } = world.nodes
  const { onlineHours, awayHours } = world.scenario.churn
  columns.returnAt[lead] = Infinity
  columns.isPaused[lead] = 0
  // One who paused of his own will may be one whose machine is never taken for other uses.
  if (awayHours > 0 && isShared(world, lead) && columns.awayAt[lead] === Infinity)
    columns.awayAt[lead] =
      world.now + Math.ceil(exponential(world.faultStreams[lead], 1 / (onlineHours * hourMicros)))
  for (const node of nodesOfMachine(world, lead)) {
    columns.isAway[node] = 0
    if (columns.isUp[node] === 1) columns.onlineSince[node] = world.now
    report(world, node)
  }
}

/** Is the machine its owner's own, taken for other uses now and then? */
const isShared = ({ nodes, offers }: World, node: number): boolean =>
  offers.devices[nodes.columns.device[node]].deviceClass !== "datacenter"

/** Tells the kernel whether the node can be reached, where that has changed. */
const report = (world: World, node: number): void => {
  const { columns } = world.nodes
  const isDown = columns.isUp[node] === 0 && columns.detectAt[node] === Infinity
  const isLost = isDown || columns.isAway[node] === 1 ? 1 : 0
  if (isLost === columns.isLost[node]) return
  columns.isLost[node] = isLost
  tell(world, { _tag: isLost === 1 ? "NodeLost" : "NodeReturned", at: world.now, node })
}

const onHiccup = (world: World, lead: number): void => {
  const { columns } = world.nodes
  const { faults } = world.scenario
  const stream = world.faultStreams[lead]
  const until = world.now + Math.ceil(exponential(stream, 1 / (faults.hiccupSeconds * 1e6)))
  for (const node of nodesOfMachine(world, lead)) columns.hiccupUntil[node] = until
  const mean = dayMicros / faults.hiccupsPerNodeDay
  columns.hiccupAt[lead] = until + Math.ceil(exponential(stream, 1 / mean))
}

const onDecision = (world: World, node: number): void => {
  const { columns } = world.nodes
  const epoch = Math.round(decisionHoursOf(world, node) * hourMicros)
  columns.decideAt[node] = world.now + Math.max(1, epoch)
  if (columns.phase[node] !== serving) return
  if (isToRejoin(world, node)) return leave(world, node)
  const decision = decide(world, node)
  beginEpoch(world, node)
  switch (decision._tag) {
    case "Stay":
      return
    case "Leave":
      return leave(world, node)
    case "Switch":
      columns.target[node] = decision.model
      columns.phase[node] = drainingToSwitch
      return drain(world, node)
    case "Pause":
      // Whose machine is taken for other uses is away as it is.
      if (columns.isAway[node] === 1 && columns.isPaused[node] === 0) return
      columns.isPaused[node] = 1
      columns.awayAt[node] = Infinity
      // Just after the decision that may prolong it.
      return goAway(world, node, Math.round(decision.hours * hourMicros) + 1)
  }
}

/** The node takes no new requests and goes when the last has ended. */
const leave = (world: World, node: number): void => {
  const { columns } = world.nodes
  columns.leaveAt[node] = Infinity
  columns.decideAt[node] = Infinity
  if (columns.phase[node] === starting) {
    columns.readyAt[node] = Infinity
    columns.phase[node] = drainingToLeave
    afterInFlightFell(world, node)
    return
  }
  columns.readyAt[node] = Infinity
  columns.phase[node] = drainingToLeave
  drain(world, node)
}

const drain = (world: World, node: number): void => {
  tell(world, { _tag: "InstanceDrained", at: world.now, instance: node })
  afterInFlightFell(world, node)
}
