/**
 * What a node does, from top to bottom: it registers, loads its model, serves, crashes and is repaired,
 * goes away and returns, lets its operator decide, switches models, leaves. The states that it goes
 * through stand in `node-machine.ts`; what happens to it next is the earliest of the times in its row,
 * and one entry of the agenda covers all of them. Its server has another.
 */
import type { Command, EventOf, Outcome, Stream } from "../../../engine/index.ts"
import { instanceView, nodeView, openStream, outcomes, verdictOf } from "../../../engine/index.ts"
import type { Decision } from "../../agents/view.ts"
import {
  COMPLETED,
  FIRST_TOKEN,
  FULL,
  InstanceServers,
  TOO_LONG,
} from "../../fleet/instance-server.ts"
import type { Offer } from "../../fleet/offers.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { Relay } from "../../kernel/relay.ts"
import { exponential, logNormal } from "../../kernel/variates.ts"
import type { Recorder } from "../../recording/recorder.ts"
import { accountOfOperator } from "../stage/accounts.ts"
import { badInput, poison, tooLong, willLeave } from "../stage/flaws.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { RequestsInFlight } from "../stage/requests-in-flight.ts"
import type { Setting } from "../stage/setting.ts"
import { conductOf, decisionTimesOf, misdeed, modelRun, partyOfNode } from "./conduct.ts"
import { Machines } from "./machines.ts"
import type { LifeInput, LifeOutput, ReachInput } from "./node-machine.ts"
import {
  drainingToLeave,
  drainingToSwitch,
  follow,
  gone,
  isAway,
  isUp,
  nodeLife,
  nodeReach,
  phases,
  reaches,
  serving,
  starting,
} from "./node-machine.ts"
import { beginPeriod, noteSlots, pauseOnline } from "./node-meters.ts"
import type { NodeColumns } from "./nodes-table.ts"
import { NodesTable } from "./nodes-table.ts"

const hourMicros = 3_600_000_000
const dayMicros = 24 * hourMicros
/** Three missed heartbeats. */
const detectionMicros = 90_000_000
/** What a model of the name is measured at, and another one that is passed off as it, basis points. */
const accuracyBps = 9_700
const accuracyOfOthersBps = 6_000
/** How long it takes to be told of an attempt that fails at once, or is refused. */
const quickEndMicros = 200_000

/** Times in a node's row, +∞ where nothing of the kind is to come. */
const clocks = [
  "readyAt",
  "crashAt",
  "detectAt",
  "repairAt",
  "awayAt",
  "returnAt",
  "hiccupAt",
  "decideAt",
  "leaveAt",
] as const

/** What a node leaves to whoever owns it. */
export interface NodeOwners {
  /** Lets the operator of a serving node decide. */
  readonly decide: (node: number) => Decision
  /** From now on, what the node earns counts towards its next decision. */
  readonly beginEpoch: (node: number) => void
  /** The node begins to serve its model: asks the price that its operator wants for it. */
  readonly openPrice: (node: number) => void
  readonly onGone: (node: number) => void
  /** It has registered, it is leaving, it can be reached or no longer. */
  readonly onRegistered: (node: number) => void
  readonly onLeaving: (node: number) => void
  readonly onReach: (node: number) => void
  /** Are hours of it sold that are not settled? */
  readonly isBooked: (node: number) => boolean
}

export interface NewNode {
  readonly operator: number
  readonly device: number
  readonly model: number
  /** Names the node's streams: what happens to one node changes no other's draws. */
  readonly entity: number | string
  /** Number of its operator's strategy. */
  readonly strategy: number
  /** What an hour of it costs, credits: while it waits, and what is added while all of it is busy. */
  readonly hourlyCost: { readonly idle: number; readonly load: number }
}

const codeOf = Object.fromEntries(outcomes.map((outcome, code) => [outcome, code])) as Record<
  Outcome,
  number
>

export class Nodes {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly recorder: Recorder
  private readonly requests: RequestsInFlight
  private owners: NodeOwners | undefined
  readonly table: NodesTable
  readonly columns: NodeColumns
  readonly servers = new InstanceServers()
  readonly machines = new Machines()
  /**
   * By node: its own faults, and what happens to attempts apart from what happens to the machine, so
   * that traffic does not move the crashes.
   */
  private readonly faultStreams: Array<Stream> = []
  private readonly attemptStreams: Array<Stream> = []
  /** Attempts that end at once: bad input, errors, refusals. Request id and outcome. */
  private readonly quickEnds: Relay
  /** Streams of so many tokens are long enough to be measured. */
  private readonly leastStreamTokens: number
  /** Reused for every end: the kernel keeps no event. */
  private readonly ended: {
    -readonly [K in keyof EventOf<"AttemptEnded">]: EventOf<"AttemptEnded">[K]
  } = {
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
  private readonly onLifeDue = (node: number): void => this.onLife(node)
  private readonly onServerDue = (node: number): void => this.onServerEvent(node)

  constructor(
    setting: Setting,
    agenda: Agenda,
    port: MarketPort,
    recorder: Recorder,
    requests: RequestsInFlight,
  ) {
    this.setting = setting
    this.agenda = agenda
    this.port = port
    this.recorder = recorder
    this.requests = requests
    this.table = new NodesTable(setting.scenario.fleet.nodes)
    this.columns = this.table.columns
    this.leastStreamTokens = setting.scenario.economy.floor.minStreamTokens
    this.quickEnds = new Relay(agenda, quickEndMicros, (request, code) =>
      this.endAttempt(request, outcomes[code], 0, 0),
    )
  }

  /** Before the first node. */
  ownedBy(owners: NodeOwners): void {
    this.owners = owners
  }

  /** Adds a node, honest and at full speed, whose life has not begun; returns its number. */
  add({ operator, device, model, entity, strategy, hourlyCost }: NewNode): number {
    const { columns, agenda } = this
    const { seed } = this.setting
    const node = this.table.add()
    this.faultStreams[node] = openStream(seed, "fault", entity)
    this.attemptStreams[node] = openStream(seed, "attempt", entity)
    columns.operator[node] = operator
    columns.device[node] = device
    columns.model[node] = model
    columns.lead[node] = node
    columns.strategy[node] = strategy
    columns.idleCost[node] = hourlyCost.idle
    columns.loadCost[node] = hourlyCost.load
    columns.declareFactor[node] = 1
    columns.speed[node] = 1
    columns.lifeEntry[node] = agenda.register(this.onLifeDue, node)
    columns.serverEntry[node] = agenda.register(this.onServerDue, node)
    return node
  }

  /** A node registers and begins to load its first model. */
  beginLife(node: number): void {
    const { columns, setting } = this
    const { startMicros, scenario } = setting
    const { churn, faults } = scenario
    const { now } = this.agenda
    // What happens to a machine happens to all its nodes: the clocks of it are those of the first.
    const isLead = columns.lead[node] === node
    const stream = this.faultStreams[node]
    const after = (mean: number): number =>
      !isLead || mean === 0 || mean === Infinity
        ? Infinity
        : now + Math.ceil(exponential(stream, 1 / mean))
    columns.joinedAt[node] = now
    columns.leftAt[node] = -1
    columns.phase[node] = phases.indexOf(nodeLife.initial)
    columns.reach[node] = reaches.indexOf(nodeReach.initial)
    this.load(node, columns.model[node])
    columns.crashAt[node] = after(dayMicros / faults.crashesPerNodeDay)
    columns.hiccupAt[node] = after(dayMicros / faults.hiccupsPerNodeDay)
    columns.detectAt[node] = Infinity
    columns.repairAt[node] = Infinity
    columns.returnAt[node] = Infinity
    const isTaken = this.isShared(node) && churn.awayHours > 0
    columns.awayAt[node] = isTaken ? after(churn.onlineHours * hourMicros) : Infinity
    columns.leaveAt[node] =
      churn.lifetimeDays === 0 || columns.party[node] > 0
        ? Infinity
        : // Established nodes have lived until demand begins: their lifetimes count from there.
          Math.max(now, startMicros) +
          Math.ceil(
            logNormal(stream, Math.log(churn.lifetimeDays * dayMicros), churn.lifetimeSpread),
          )
    columns.decideAt[node] = isLead
      ? this.firstDecision(node, Math.max(now, startMicros))
      : Infinity
    columns.onlineSince[node] = now
    this.port.tell({
      _tag: "NodeRegistered",
      at: now,
      node,
      account: accountOfOperator(columns.operator[node]),
    })
    this.owners?.onRegistered(node)
    this.scheduleLife(node)
  }

  private onLife(node: number): void {
    const { columns } = this
    const { now } = this.agenda
    if (columns.readyAt[node] <= now) this.onReady(node)
    else if (columns.crashAt[node] <= now) this.onCrash(node)
    else if (columns.detectAt[node] <= now) this.onDetected(node)
    else if (columns.repairAt[node] <= now) this.onRepaired(node)
    else if (columns.awayAt[node] <= now) this.onAway(node)
    else if (columns.returnAt[node] <= now) this.onReturned(node)
    else if (columns.hiccupAt[node] <= now) this.onHiccup(node)
    else if (columns.leaveAt[node] <= now) this.leave(node)
    else if (columns.decideAt[node] <= now) this.onDecision(node)
    noteSlots(columns, this.recorder, node, now)
    if (columns.phase[node] !== gone) this.scheduleLife(node)
  }

  /** Schedules the earliest of what happens to the node next. */
  scheduleLife(node: number): void {
    const { columns } = this
    let next = Infinity
    for (const clock of clocks) next = Math.min(next, columns[clock][node])
    const entry = columns.lifeEntry[node]
    if (next === Infinity) this.agenda.queue.cancel(entry)
    else this.agenda.queue.schedule(entry, next)
  }

  /** Goes on in its life, and does what follows. */
  private live(node: number, input: LifeInput): void {
    const { columns } = this
    const [phase, ...outputs] = follow(nodeLife, phases[columns.phase[node]], input)
    columns.phase[node] = phases.indexOf(phase)
    for (const output of outputs) this.act(node, output)
  }

  private act(node: number, output: LifeOutput): void {
    const { columns, agenda, port } = this
    const at = agenda.now
    switch (output) {
      case "load":
        // A machine that is down loads it once it is repaired.
        if (!isUp(columns.reach[node])) return
        return this.load(
          node,
          columns.phase[node] === starting ? columns.model[node] : columns.target[node],
        )
      case "startInstance":
        return this.beginServing(node, "InstanceStarted")
      case "switchModel":
        columns.model[node] = columns.target[node]
        return this.beginServing(node, "ModelSwitched")
      case "drain":
        return port.tell({ _tag: "InstanceDrained", at, instance: node })
      case "remove":
        columns.leftAt[node] = at
        agenda.queue.cancel(columns.lifeEntry[node])
        this.recorder.add("leaves", 1)
        port.tell({ _tag: "NodeRemoved", at, node })
        return this.owners?.onGone(node)
    }
  }

  /** Can be reached, or can no longer: tells the market, where it is to know. */
  private reach(node: number, input: ReachInput): void {
    const { columns } = this
    const [reach, output] = follow(nodeReach, reaches[columns.reach[node]], input)
    columns.reach[node] = reaches.indexOf(reach)
    this.owners?.onReach(node)
    if (output === undefined) return
    // Where nodes send heartbeats, the market may have heard of it by itself.
    const isOnline = nodeView(this.port.market, node)?.isOnline
    if (isOnline === (output === "tellReturned")) return
    const _tag = output === "tellLost" ? "NodeLost" : "NodeReturned"
    this.port.tell({ _tag, at: this.agenda.now, node })
  }

  // Loading and serving.

  /** Begins to load a model; the node is ready when it is loaded. */
  private load(node: number, model: number): void {
    this.columns.readyAt[node] = this.agenda.now + this.offerOf(node, model).setUpMicros
  }

  private offerOf(node: number, model: number): Offer {
    const run = modelRun(this.setting, this.columns, node, model)
    const offer = this.setting.offers.offers[this.columns.device[node]][run]
    if (offer === null) throw new Error(`simulator: model ${model} does not fit node ${node}`)
    return offer
  }

  private onReady(node: number): void {
    this.columns.readyAt[node] = Infinity
    this.live(node, "loaded")
  }

  /** The model is loaded: the instance starts, or starts to serve the model it switched to. */
  private beginServing(node: number, _tag: "InstanceStarted" | "ModelSwitched"): void {
    const { columns, servers, setting, port, agenda } = this
    const { now } = agenda
    const offer = this.offerOf(node, columns.model[node])
    const { slots, declared, ofMachine } = this.machines.slotsOf(columns, node, offer.slots)
    columns.slots[node] = slots
    columns.declaredSlots[node] = declared
    const lead = columns.lead[node]
    if (!servers.isOpen(lead)) {
      servers.open(lead, offer.rates, ofMachine)
      if (columns.speed[node] !== 1) servers.setSpeedFactor(lead, columns.speed[node], now)
    }
    const declaredSpeed = conductOf(setting, columns, node)?.declaredSpeed ?? 1
    port.tell({
      _tag,
      at: now,
      instance: node,
      node,
      model: columns.model[node],
      slots: columns.declaredSlots[node],
      tokensPerSecond: Math.floor((offer.tokensPerSecond * declared * declaredSpeed) / offer.slots),
      isPlatformAsked: false,
    })
    this.tellAccuracy(node)
    if (_tag === "ModelSwitched") {
      columns.switchedAt[node] = now
      columns.switches[node]++
      this.recorder.add("switches", 1)
    }
    this.owners?.openPrice(node)
    this.owners?.beginEpoch(node)
    beginPeriod(columns, node, instanceView(port.market, node)?.onlineMicros ?? 0)
  }

  /**
   * How accurate it is with a specialised model is measured. Whoever runs another one under the name says so of itself
   * where anybody may.
   */
  private tellAccuracy(node: number): void {
    const { columns, setting } = this
    const model = columns.model[node]
    if (setting.scenario.models[model].accuracy === null) return
    const isOther = modelRun(setting, columns, node, model) !== model
    const isOwn = isOther && setting.scenario.economy.specialised.accuracy === "anyone"
    this.port.tell({
      _tag: "AccuracyMeasured",
      at: this.agenda.now,
      instance: node,
      scoreBps: isOther && !isOwn ? accuracyOfOthersBps : accuracyBps,
      ...(isOwn ? { by: accountOfOperator(columns.operator[node]) } : {}),
    })
  }

  /** Closes the server of a node that serves nothing. */
  private closeServer(node: number): void {
    if (!this.servers.isOpen(node)) return
    this.servers.close(node)
    this.agenda.queue.cancel(this.columns.serverEntry[node])
  }

  /** The market sent an attempt to the node's instance. What becomes of it is decided here. */
  onDispatched({ request, attempt, instance: node }: Extract<Command, { _tag: "Dispatch" }>): void {
    const { requests, columns, servers, setting, agenda } = this
    const { now } = agenda
    const slot = requests.slotOf(request)
    const asked = requests.columns
    asked.attempt[slot] = attempt
    asked.instance[slot] = node
    this.recorder.setInFlight(now, 1)
    const lot = this.attemptStreams[node].next()
    this.occupy(node, 1)
    if (!isUp(columns.reach[node])) return this.endSoon(request, "connectFailed")
    if (asked.flaw[slot] === badInput) return this.endSoon(request, "consumerError")
    if (asked.flaw[slot] === poison && columns.party[node] !== asked.party[slot])
      return this.endSoon(request, "upstreamError")
    if (now < columns.hiccupUntil[node] || lot < setting.scenario.faults.failureShare)
      return this.endSoon(request, "upstreamError")
    const conduct = asked.party[slot] > 0 ? undefined : conductOf(setting, columns, node)
    const refusal =
      conduct === undefined
        ? undefined
        : misdeed(conduct, asked.maxTokens[slot], this.attemptStreams[node])
    if (refusal !== undefined) return this.endSoon(request, refusal)
    const lead = columns.lead[node]
    const place = servers.admit(
      lead,
      now,
      request,
      asked.inputTokens[slot],
      asked.outputTokens[slot],
    )
    // The server has as many slots as the node declared, and the market counts them too.
    if (place === FULL) throw new Error(`simulator: node ${node} got more than it declared`)
    if (place === TOO_LONG) {
      // As servers answer: a 4xx, no fault of the node's, and nothing that another try would mend.
      asked.flaw[slot] = tooLong
      return this.endSoon(request, "consumerError")
    }
    asked.serverSlot[slot] = place
    agenda.queue.schedule(columns.serverEntry[lead], servers.nextEventMicros(lead))
  }

  /** An item is to make room: it is broken off where it stands, by no fault of the node's. */
  onRecalled({ request, attempt }: Extract<Command, { _tag: "Recall" }>): void {
    const { requests, servers, columns, agenda } = this
    const slot = requests.find(request)
    if (slot < 0 || requests.columns.attempt[slot] !== attempt) return
    const place = requests.columns.serverSlot[slot]
    // What ends by itself in a moment needs nobody to end it.
    if (place < 0) return
    const lead = columns.lead[requests.columns.instance[slot]]
    const tokens = servers.abort(place, agenda.now)
    requests.columns.serverSlot[slot] = -1
    const decodeMicros = tokens > 0 ? agenda.now - requests.columns.firstTokenAt[slot] : 0
    this.endAttempt(request, "gatewayFault", tokens, decodeMicros)
    this.scheduleServer(lead)
  }

  private endSoon(request: number, outcome: Outcome): void {
    this.quickEnds.send(request, codeOf[outcome])
  }

  /** The server of a node has reached its next event: first tokens and completions. */
  private onServerEvent(node: number): void {
    const { servers, requests, agenda } = this
    const { now } = agenda
    const happened = servers.advance(node, now)
    for (let i = 0; i < happened; i++) {
      const slot = requests.slotOf(servers.eventHandles[i])
      if (servers.eventKinds[i] === FIRST_TOKEN) requests.columns.firstTokenAt[slot] = now
    }
    // Ends reach the kernel after all of the server's news: an end may dispatch to this very node.
    for (const request of this.completedOf(happened)) {
      const slot = requests.slotOf(request)
      const { columns } = requests
      columns.serverSlot[slot] = -1
      const outcome = columns.flaw[slot] === willLeave ? "consumerGone" : "completed"
      const decodeMicros = now - columns.firstTokenAt[slot]
      this.endAttempt(request, outcome, columns.outputTokens[slot], decodeMicros)
    }
    this.scheduleServer(node)
  }

  private scheduleServer(node: number): void {
    const { agenda, servers } = this
    const next = servers.isOpen(node) ? servers.nextEventMicros(node) : Infinity
    const entry = this.columns.serverEntry[node]
    if (next === Infinity) agenda.queue.cancel(entry)
    else agenda.queue.schedule(entry, next)
  }

  private completedOf(happened: number): ReadonlyArray<number> {
    const { servers } = this
    const found: Array<number> = []
    for (let i = 0; i < happened; i++)
      if (servers.eventKinds[i] === COMPLETED) found.push(servers.eventHandles[i])
    return found
  }

  /** Tells the kernel how an attempt ended, and frees its place on the node. */
  private endAttempt(
    request: number,
    outcome: Outcome,
    outputTokens: number,
    decodeMicros: number,
  ): void {
    const { requests, recorder, columns, ended, setting } = this
    const { now } = this.agenda
    const slot = requests.slotOf(request)
    const node = requests.columns.instance[slot]
    this.occupy(node, -1)
    // Counted as they end, so that those that failed are among them in any stretch of time.
    recorder.noteAttempt()
    recorder.setInFlight(now, -1)
    ended.at = now
    ended.request = request
    ended.attempt = requests.columns.attempt[slot]
    ended.outcome = outcome
    ended.outputTokens = outputTokens
    ended.reportedTokens = outputTokens
    const conduct = conductOf(setting, columns, node)
    if (conduct !== undefined)
      ended.reportedTokens = Math.ceil(outputTokens * conduct.reportedTokens)
    columns.deliveredTokens[node] += outputTokens
    ended.decodeMicros = decodeMicros
    if (verdictOf[outcome] === "failure") {
      recorder.add("failedAttempts", 1)
      columns.failures[node]++
    }
    if (outputTokens >= this.leastStreamTokens)
      recorder.noteStream(columns.device[node], ((outputTokens - 1) * 1e6) / decodeMicros)
    this.port.tell(ended)
    if (columns.phase[node] !== gone) this.afterInFlightFell(node)
  }

  private occupy(node: number, change: number): void {
    this.columns.inFlight[node] += change
    noteSlots(this.columns, this.recorder, node, this.agenda.now)
  }

  /** A call that it served is settled; where `isServed`, it was no error of its consumer's. */
  notePaid(command: Extract<Command, { _tag: "Finish" }>, isServed: boolean): void {
    const { columns } = this
    const { instance: node, outputTokens, share, withheld, bounty } = command
    columns.billedTokens[node] += outputTokens
    if (!isServed) return
    columns.requests[node]++
    columns.requestsSince[node]++
    columns.outputTokens[node] += outputTokens
    columns.share[node] += share - withheld
    columns.paySince[node] += share - withheld
    columns.withheld[node] += withheld
    columns.claimHour[node] += bounty
  }

  /** The kernel's hour has turned: what was claimed in it is paid, and claims begin again. */
  onHourTurned(): void {
    this.columns.claimHour.fill(0)
  }

  // Crashes and hiccups.

  private onCrash(lead: number): void {
    const { columns } = this
    const { now } = this.agenda
    const { repairMinutes } = this.setting.scenario.faults
    columns.crashAt[lead] = Infinity
    columns.detectAt[lead] = now + detectionMicros
    const repair = exponential(this.faultStreams[lead], 1 / (repairMinutes * 60e6))
    columns.repairAt[lead] = now + Math.ceil(repair)
    for (const node of this.machines.nodesOf(lead)) {
      this.reach(node, node === lead ? "crashes" : "crashesWithLead")
      // A model that was being loaded is loaded again after the repair.
      columns.readyAt[node] = Infinity
      pauseOnline(columns, node, now)
    }
    this.abortAll(lead)
  }

  /** A machine went down: every attempt on it ends where it stands. */
  private abortAll(lead: number): void {
    const { servers, requests } = this
    const { now, queue } = this.agenda
    if (!servers.isOpen(lead)) return
    const held = new Int32Array(servers.inFlight(lead))
    const found = servers.listSlots(lead, held)
    const open = [...held.subarray(0, found)]
      .map((place) => ({ place, request: servers.handleOf(place) }))
      .toSorted((a, b) => a.request - b.request)
    const ends = open.map(({ place, request }) => ({ request, tokens: servers.abort(place, now) }))
    queue.cancel(this.columns.serverEntry[lead])
    for (const { request, tokens } of ends) {
      const slot = requests.slotOf(request)
      requests.columns.serverSlot[slot] = -1
      const decodeMicros = tokens > 0 ? now - requests.columns.firstTokenAt[slot] : 0
      this.endAttempt(request, tokens > 0 ? "truncated" : "connectFailed", tokens, decodeMicros)
    }
  }

  private onDetected(node: number): void {
    this.columns.detectAt[node] = Infinity
    this.reach(node, "isNoticed")
  }

  private onRepaired(lead: number): void {
    const { columns } = this
    const { now } = this.agenda
    const mean = dayMicros / this.setting.scenario.faults.crashesPerNodeDay
    columns.repairAt[lead] = Infinity
    columns.detectAt[lead] = Infinity
    columns.crashAt[lead] = now + Math.ceil(exponential(this.faultStreams[lead], 1 / mean))
    for (const node of this.machines.nodesOf(lead)) {
      this.reach(node, "isRepaired")
      this.live(node, "repaired")
      if (!isAway(columns.reach[node])) columns.onlineSince[node] = now
      if (node !== lead) this.scheduleLife(node)
    }
  }

  private onHiccup(lead: number): void {
    const { columns } = this
    const { hiccupSeconds, hiccupsPerNodeDay } = this.setting.scenario.faults
    const stream = this.faultStreams[lead]
    const until = this.agenda.now + Math.ceil(exponential(stream, 1 / (hiccupSeconds * 1e6)))
    for (const node of this.machines.nodesOf(lead)) columns.hiccupUntil[node] = until
    const mean = dayMicros / hiccupsPerNodeDay
    columns.hiccupAt[lead] = until + Math.ceil(exponential(stream, 1 / mean))
  }

  // Away for other uses.

  /** Is the machine its owner's own, taken for other uses now and then? */
  private isShared(node: number): boolean {
    return this.setting.offers.devices[this.columns.device[node]].deviceClass !== "datacenter"
  }

  private onAway(lead: number): void {
    const mean = this.setting.scenario.churn.awayHours * hourMicros
    this.columns.awayAt[lead] = Infinity
    this.goAway(lead, Math.ceil(exponential(this.faultStreams[lead], 1 / mean)))
  }

  /** Takes the machine off the market for so long. */
  private goAway(lead: number, micros: number): void {
    const { columns } = this
    const { now } = this.agenda
    columns.returnAt[lead] = now + micros
    for (const node of this.machines.nodesOf(lead)) {
      pauseOnline(columns, node, now)
      this.reach(node, "goesAway")
    }
  }

  /** Something takes a machine off the market for so long, whatever else happens to it. */
  takeAway(node: number, micros: number): void {
    const lead = this.columns.lead[node]
    if (isAway(this.columns.reach[lead])) return
    this.goAway(lead, micros)
    noteSlots(this.columns, this.recorder, lead, this.agenda.now)
    this.scheduleLife(lead)
  }

  private onReturned(lead: number): void {
    const { columns } = this
    const { now } = this.agenda
    const { onlineHours, awayHours } = this.setting.scenario.churn
    columns.returnAt[lead] = Infinity
    columns.isPaused[lead] = 0
    // One who paused of his own will may be one whose machine is never taken for other uses.
    if (awayHours > 0 && this.isShared(lead) && columns.awayAt[lead] === Infinity)
      columns.awayAt[lead] =
        now + Math.ceil(exponential(this.faultStreams[lead], 1 / (onlineHours * hourMicros)))
    for (const node of this.machines.nodesOf(lead)) {
      this.reach(node, "returns")
      if (isUp(columns.reach[node])) columns.onlineSince[node] = now
    }
  }

  // Decisions, and what they lead to.

  /**
   * Nobody decides before a whole epoch of experience, of a day for those who go by none: when demand begins,
   * the public board, an average over a day, still shows none, and all who looked at it would leave.
   */
  private firstDecision(node: number, from: number): number {
    const times = decisionTimesOf(this.setting, this.columns, node)
    const stream = this.faultStreams[node]
    switch (times._tag) {
      case "Never":
        return Infinity
      case "ByTheClock":
        return Math.round(from + times.everyHours * hourMicros * (1 + stream.next())) + 1
      case "AtRevisions":
        return from + dayMicros + this.untilRevision(node, times.perDay)
    }
  }

  private nextDecision(node: number): number {
    const times = decisionTimesOf(this.setting, this.columns, node)
    switch (times._tag) {
      case "Never":
        return Infinity
      case "ByTheClock":
        return this.agenda.now + Math.max(1, Math.round(times.everyHours * hourMicros))
      case "AtRevisions":
        return this.agenda.now + this.untilRevision(node, times.perDay)
    }
  }

  private untilRevision(node: number, perDay: number): number {
    return Math.ceil(exponential(this.faultStreams[node], perDay / dayMicros))
  }

  private onDecision(node: number): void {
    const { columns, owners } = this
    columns.decideAt[node] = this.nextDecision(node)
    if (columns.phase[node] !== serving || owners === undefined) return
    if (this.isToRejoin(node)) return this.leave(node)
    const decision = owners.decide(node)
    owners.beginEpoch(node)
    switch (decision._tag) {
      case "Stay":
        return
      case "Leave":
        return this.leave(node)
      case "Switch":
        columns.target[node] = decision.model
        this.live(node, "switches")
        return this.afterInFlightFell(node)
      case "Pause":
        // Whose machine is taken for other uses is away as it is.
        if (isAway(columns.reach[node]) && columns.isPaused[node] === 0) return
        columns.isPaused[node] = 1
        columns.awayAt[node] = Infinity
        // Just after the decision that may prolong it.
        return this.goAway(node, Math.round(decision.hours * hourMicros) + 1)
    }
  }

  /** The node takes no new requests and goes when the last has ended. */
  private leave(node: number): void {
    const { columns } = this
    columns.leaveAt[node] = Infinity
    columns.decideAt[node] = Infinity
    columns.readyAt[node] = Infinity
    this.owners?.onLeaving(node)
    this.live(node, "leaves")
    this.afterInFlightFell(node)
  }

  /** The last of its bookings is settled: a node that leaves may go. */
  afterBookings(node: number): void {
    if (this.columns.phase[node] !== gone) this.afterInFlightFell(node)
  }

  /** A draining node without attempts goes on to what it drained for. */
  private afterInFlightFell(node: number): void {
    const { columns } = this
    if (columns.inFlight[node] > 0) return
    if (columns.phase[node] === drainingToSwitch) {
      this.closeServer(node)
      this.live(node, "isEmpty")
      this.scheduleLife(node)
    } else if (columns.phase[node] === drainingToLeave && this.owners?.isBooked(node) !== true) {
      columns.health[node] = this.healthOf(node)
      pauseOnline(columns, node, this.agenda.now)
      this.closeServer(node)
      this.live(node, "isEmpty")
    }
  }

  /** Health score of a node's instance in the kernel, 0…1; 0 where it never started. */
  healthOf(node: number): number {
    return instanceView(this.port.market, node)?.health ?? 0
  }

  /** Has its name become too bad to keep? */
  isToRejoin(node: number): boolean {
    const least = partyOfNode(this.setting, this.columns, node)?.conduct.rejoinBelowHealth ?? 0
    return least > 0 && this.healthOf(node) < least
  }
}
