/**
 * Requests on their way through the market: arrivals and retries in, dispatches to the instances'
 * servers, ends back to the kernel.
 */
import type { Command, EventOf, Outcome } from "../../engine/index.ts"
import { outcomes, verdictOf } from "../../engine/index.ts"
import { COMPLETED, FIRST_TOKEN, FULL, TOO_LONG } from "../fleet/instance-server.ts"
import { buyForParty, canAfford, payingAccount, signUpOperator, topUp } from "./accounts.ts"
import { misdeed, partyOfNode } from "./conduct.ts"
import { afterInFlightFell } from "./departures.ts"
import { gone } from "./nodes-table.ts"
import { noteSlots } from "./node-state.ts"
import { badInput, poison, tooLong, willLeave } from "./flaws.ts"
import { followUp } from "./follow-ups.ts"
import type { World } from "./world.ts"
import { firstRetryActor, quickEndActor, rearm, send, serverActor, tell } from "./world.ts"

/** Reused for every arrival and every end: the kernel keeps no event. */
const arrived: { -readonly [K in keyof EventOf<"RequestArrived">]: EventOf<"RequestArrived">[K] } =
  {
    _tag: "RequestArrived",
    at: 0,
    request: 0,
    account: 0,
    model: 0,
    inputTokens: 0,
    maxTokens: 0,
  }
const ended: { -readonly [K in keyof EventOf<"AttemptEnded">]: EventOf<"AttemptEnded">[K] } = {
  _tag: "AttemptEnded",
  at: 0,
  request: 0,
  attempt: 0,
  outcome: "completed",
  outputTokens: 0,
  reportedTokens: 0,
  decodeMicros: 0,
  retryAfterMicros: 0,
}

/** Hands an open request to the market. */
export const ask = (world: World, slot: number): void => {
  const { columns } = world.requests
  arrived.at = world.now
  arrived.request = world.nextRequest++
  arrived.account = payingAccount(world, slot)
  arrived.model = columns.model[slot]
  arrived.inputTokens = columns.inputTokens[slot]
  arrived.maxTokens = columns.maxTokens[slot]
  tell(world, arrived)
}

/** A consumer comes back with a request that was refused: the same request under a new id. */
export const onRetry = (world: World, k: number): void => {
  const line = world.retryLines[k]
  const id = line.first
  line.drop()
  rearm(world, line, firstRetryActor + k)
  reopen(world, id, line.delayMicros)
}

const reopen = (world: World, id: number, waited: number): void => {
  const slot = world.requests.rename(id, world.nextRequest)
  if (waited > 0) world.requests.columns.retries[slot]++
  ask(world, slot)
}

/** The market refused a request: its consumer tops up, comes back later, or gives up. */
export const onRefused = (world: World, command: Extract<Command, { _tag: "Refuse" }>): void => {
  const { requests, recorder, scenario } = world
  const slot = requests.slotOf(command.request)
  const { columns } = requests
  if (command.reason === "InsufficientCredits" && canPayNow(world, slot))
    return reopen(world, command.request, 0)
  const retries = columns.retries[slot]
  const consumer = columns.consumer[slot]
  const kind = consumer < 0 ? undefined : world.consumers.kindOf(consumer)
  const most = kind?.maxRetries ?? scenario.consumers.maxRetries
  if (command.reason !== "InsufficientCredits" && retries < most) {
    const k = Math.min(retries, world.retryLines.length - 1)
    recorder.add("retried", 1)
    columns.instance[slot] = -1
    send(world, world.retryLines[k], firstRetryActor + k, command.request, 0)
    return
  }
  recorder.add(`refused.${command.reason}`, 1)
  if (consumer >= 0) world.consumers.noteGivenUp(consumer)
  close(world, command.request, slot)
}

/** Has the payer of a refused request found the credits for it? */
const canPayNow = (world: World, slot: number): boolean => {
  const { consumer, party } = world.requests.columns
  if (consumer[slot] >= 0) return topUp(world, slot)
  if (party[slot] === 0) return false
  const payer = world.parties[party[slot] - 1]
  if (payer.settings.conduct.demand?.paidBy !== "gifts") return buyForParty(world, payer, slot)
  // The gift is spent: a new account has another, for as long as the platform gives any.
  const operator = signUpOperator(world)
  payer.puppets.push(operator)
  consumer[slot] = -1 - operator
  return canAfford(world, slot)
}

/** A request is over. Of its time in the market, what lies within the horizon counts. */
const close = (world: World, request: number, slot: number): void => {
  const { requests, now, endMicros } = world
  world.sojournMicros += Math.min(now, endMicros) - requests.columns.arrivedAt[slot]
  requests.close(request)
}

/** The market sent an attempt to an instance. What becomes of it is decided by the world. */
export const onDispatched = (
  world: World,
  command: Extract<Command, { _tag: "Dispatch" }>,
): void => {
  const { requests, recorder, scenario, nodes, servers, now } = world
  const slot = requests.slotOf(command.request)
  const { columns } = requests
  const node = command.instance
  columns.attempt[slot] = command.attempt
  columns.instance[slot] = node
  recorder.setInFlight(now, 1)
  const lot = world.attemptStreams[node].next()
  occupy(world, node, 1)
  if (nodes.columns.isUp[node] === 0) return endSoon(world, command.request, "connectFailed")
  if (columns.flaw[slot] === badInput) return endSoon(world, command.request, "consumerError")
  if (columns.flaw[slot] === poison && nodes.columns.party[node] !== columns.party[slot])
    return endSoon(world, command.request, "upstreamError")
  if (now < nodes.columns.hiccupUntil[node] || lot < scenario.faults.failureShare)
    return endSoon(world, command.request, "upstreamError")
  const party = partyOfNode(world, node)
  const deed =
    party === undefined || columns.party[slot] > 0
      ? undefined
      : misdeed(world, node, party.settings.conduct, columns.maxTokens[slot])
  if (deed !== undefined) return endSoon(world, command.request, deed)
  const lead = nodes.columns.lead[node]
  const place = servers.admit(
    lead,
    now,
    command.request,
    columns.inputTokens[slot],
    columns.outputTokens[slot],
  )
  // The server has as many slots as the node declared, and the market counts them too.
  if (place === FULL) throw new Error(`simulator: node ${node} got more than it declared`)
  if (place === TOO_LONG) {
    // As servers answer: a 4xx, no fault of the node's, and nothing that another try would mend.
    columns.flaw[slot] = tooLong
    return endSoon(world, command.request, "consumerError")
  }
  columns.serverSlot[slot] = place
  world.queue.schedule(serverActor(lead), servers.nextEventMicros(lead))
}

const codeOf = Object.fromEntries(outcomes.map((outcome, code) => [outcome, code])) as Record<
  Outcome,
  number
>

const endSoon = (world: World, request: number, outcome: Outcome): void =>
  send(world, world.quickEnds, quickEndActor, request, codeOf[outcome])

export const onQuickEnd = (world: World): void => {
  const { quickEnds } = world
  const request = quickEnds.first
  const outcome = outcomes[quickEnds.second]
  quickEnds.drop()
  rearm(world, quickEnds, quickEndActor)
  endAttempt(world, request, outcome, 0, 0)
}

/** The server of a node has reached its next event: first tokens and completions. */
export const onServerEvent = (world: World, node: number): void => {
  const { servers, requests, now } = world
  const happened = servers.advance(node, now)
  for (let i = 0; i < happened; i++) {
    const request = servers.eventHandles[i]
    const slot = requests.slotOf(request)
    if (servers.eventKinds[i] === FIRST_TOKEN) requests.columns.firstTokenAt[slot] = now
  }
  // Ends reach the kernel after all of the server's news: an end may dispatch to this very node.
  const completed = completedOf(world, happened)
  for (const request of completed) {
    const slot = requests.slotOf(request)
    const { columns } = requests
    columns.serverSlot[slot] = -1
    const outcome = columns.flaw[slot] === willLeave ? "consumerGone" : "completed"
    const decodeMicros = now - columns.firstTokenAt[slot]
    endAttempt(world, request, outcome, columns.outputTokens[slot], decodeMicros)
  }
  const next = servers.isOpen(node) ? servers.nextEventMicros(node) : Infinity
  if (next === Infinity) world.queue.cancel(serverActor(node))
  else world.queue.schedule(serverActor(node), next)
}

const completedOf = (world: World, happened: number): ReadonlyArray<number> => {
  const { servers } = world
  const found: Array<number> = []
  for (let i = 0; i < happened; i++)
    if (servers.eventKinds[i] === COMPLETED) found.push(servers.eventHandles[i])
  return found
}

/** Tells the kernel how an attempt ended, and frees its place on the node. */
const endAttempt = (
  world: World,
  request: number,
  outcome: Outcome,
  outputTokens: number,
  decodeMicros: number,
): void => {
  const { requests, recorder, nodes } = world
  const slot = requests.slotOf(request)
  const { columns } = requests
  const node = columns.instance[slot]
  occupy(world, node, -1)
  // Counted as they end, so that those that failed are among them in any stretch of time.
  recorder.noteAttempt()
  recorder.setInFlight(world.now, -1)
  ended.at = world.now
  ended.request = request
  ended.attempt = columns.attempt[slot]
  ended.outcome = outcome
  ended.outputTokens = outputTokens
  const party = partyOfNode(world, node)
  ended.reportedTokens = outputTokens
  if (party !== undefined) {
    ended.reportedTokens = Math.ceil(outputTokens * party.settings.conduct.reportedTokens)
    party.deliveredTokens += outputTokens
  }
  ended.decodeMicros = decodeMicros
  if (verdictOf[outcome] === "failure") {
    recorder.add("failedAttempts", 1)
    nodes.columns.failures[node]++
  }
  if (outputTokens >= world.scenario.economy.floor.minStreamTokens)
    recorder.noteStream(nodes.columns.device[node], ((outputTokens - 1) * 1e6) / decodeMicros)
  tell(world, ended)
  if (nodes.columns.phase[node] !== gone) afterInFlightFell(world, node)
}

const occupy = (world: World, node: number, change: number): void => {
  world.nodes.columns.inFlight[node] += change
  noteSlots(world, node)
}

/** The request is over and settled. */
export const onFinished = (world: World, command: Extract<Command, { _tag: "Finish" }>): void => {
  const { requests, recorder, nodes, now } = world
  const slot = requests.slotOf(command.request)
  const { columns } = requests
  const node = command.instance
  const ownColumns = nodes.columns
  if (command.outcome === "consumerError")
    recorder.add(columns.flaw[slot] === tooLong ? "tooLong" : "badInput", 1)
  else {
    if (command.outcome === "consumerGone") recorder.add("aborted", 1)
    const consumer = columns.consumer[slot]
    if (consumer >= 0) world.consumers.noteServed(consumer)
    followUp(world, slot)
    recorder.noteServed(
      now,
      columns.arrivedAt[slot],
      columns.firstTokenAt[slot],
      columns.inputTokens[slot],
      command.outputTokens,
      (command.charge / world.credit) * (columns.worth[slot] - 1),
    )
    world.servedInput[columns.model[slot]] += columns.inputTokens[slot]
    world.servedOutput[columns.model[slot]] += command.outputTokens
    ownColumns.requests[node]++
    ownColumns.requestsSince[node]++
    ownColumns.outputTokens[node] += command.outputTokens
    ownColumns.share[node] += command.share - command.withheld
    ownColumns.paySince[node] += command.share - command.withheld
    ownColumns.withheld[node] += command.withheld
    ownColumns.claimHour[node] += command.bounty
    if (command.bounty > 0) recorder.add("bountyClaimed", command.bounty / world.credit)
  }
  noteParties(world, slot, command)
  close(world, command.request, slot)
}

/** Notes what a party sold, and what it bought. */
const noteParties = (
  world: World,
  slot: number,
  command: Extract<Command, { _tag: "Finish" }>,
): void => {
  if (world.parties.length === 0) return
  const { columns } = world.requests
  const seller = partyOfNode(world, command.instance)
  if (seller !== undefined) seller.billedTokens += command.outputTokens
  const buyer = world.parties[columns.party[slot] - 1]
  if (buyer === undefined) return
  buyer.calls++
  buyer.spentMinor += command.charge
}

/** A machine went down: every attempt on it ends where it stands. */
export const abortAll = (world: World, node: number): void => {
  const { servers, requests, now } = world
  if (!servers.isOpen(node)) return
  const held = new Int32Array(servers.inFlight(node))
  const found = servers.listSlots(node, held)
  const open = [...held.subarray(0, found)]
    .map((place) => ({ place, request: servers.handleOf(place) }))
    .toSorted((a, b) => a.request - b.request)
  const ends = open.map(({ place, request }) => ({ request, tokens: servers.abort(place, now) }))
  world.queue.cancel(serverActor(node))
  for (const { request, tokens } of ends) {
    const slot = requests.slotOf(request)
    requests.columns.serverSlot[slot] = -1
    const decodeMicros = tokens > 0 ? now - requests.columns.firstTokenAt[slot] : 0
    endAttempt(world, request, tokens > 0 ? "truncated" : "connectFailed", tokens, decodeMicros)
  }
}
