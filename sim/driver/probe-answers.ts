/**
 * What a node answers to the market's own probes and measurements.
 */
import { decodeTokensPerSecond } from "../fleet/service-model.ts"
import { conductOf, slotsOfNode } from "./conduct.ts"
import { serving } from "./nodes-table.ts"
import type { World } from "./world.ts"
import { measureActor, probeActor, rearm, send, tell } from "./world.ts"

/** A probe generates its tokens beside whatever the node is serving. */
export const onProbeAnswered = (world: World): void => {
  const { probeAnswers, nodes, servers, offers, scenario, now } = world
  const node = probeAnswers.first
  const probe = probeAnswers.second
  probeAnswers.drop()
  rearm(world, probeAnswers, probeActor)
  const { columns } = nodes
  const lead = columns.lead[node]
  if (columns.phase[node] !== serving && !servers.isOpen(lead)) return
  const isReached = columns.isUp[node] === 1
  const isWell = isReached && now >= columns.hiccupUntil[node]
  const offer = offers.offers[columns.device[node]][columns.model[node]]
  if (offer === null) throw new Error("simulator: a node serves a model that does not fit it")
  // An answer that no probe asked for is a token long.
  const tokens = Math.max(1, columns.probeTokens[node])
  const streams = Math.min(
    servers.streams(lead) + 1,
    slotsOfNode(world, node, offer.slots).ofMachine,
  )
  const rate =
    shownSpeed(world, node) *
    decodeTokensPerSecond(offer.rates, streams, streams * scenario.fleet.contextTokens)
  // The kernel may have moved on: a probe that it no longer waits for is rejected as stale.
  tell(world, {
    _tag: "ProbeEnded",
    at: now,
    instance: node,
    probe,
    outcome: isWell ? "completed" : isReached ? "upstreamError" : "connectFailed",
    outputTokens: isWell ? tokens : 0,
    decodeMicros: isWell ? Math.ceil(((tokens - 1) * 1e6) / rate) : 0,
    retryAfterMicros: 0,
  })
}

/** A party that gives consumers less than the whole machine gives the market's own tests all of it. */
const shownSpeed = (world: World, node: number): number =>
  conductOf(world, node) === undefined ? world.nodes.columns.speed[node] : 1

/**
 * What a verified economy measures: the slots that a node really has, as far as it keeps all of them
 * at the floor or above, at its real speed.
 */
export const onMeasured = (world: World): void => {
  const { measurements, nodes, servers, offers, now } = world
  const node = measurements.first
  const measurement = measurements.second
  measurements.drop()
  rearm(world, measurements, measureActor)
  const { columns } = nodes
  if (!servers.isOpen(columns.lead[node])) return
  // A machine that is down cannot be measured: it is tried again.
  if (columns.isUp[node] === 0) return send(world, measurements, measureActor, node, measurement)
  const offer = offers.offers[columns.device[node]][columns.model[node]]
  if (offer === null) throw new Error("simulator: a node serves a model that does not fit it")
  const part = columns.slots[node] / offer.slots
  const tokensPerSecond = Math.max(
    1,
    Math.floor(offer.tokensPerSecond * part * shownSpeed(world, node)),
  )
  const floor = world.scenario.economy.floor.tokensPerSecond
  const atFloor = floor === 0 ? Infinity : Math.floor(tokensPerSecond / floor)
  tell(world, {
    _tag: "CapacityMeasured",
    at: now,
    instance: node,
    measurement,
    slots: Math.max(1, Math.min(columns.slots[node], atFloor)),
    tokensPerSecond,
  })
}
