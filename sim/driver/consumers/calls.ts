/**
 * Calls from their opening to their end: each is handed to the market; one that is refused is topped up
 * for, comes back later, or is given up; one that is finished is noted and closed.
 */
import type { Command, EventOf, Priority, Refusal } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { Relay } from "../../kernel/relay.ts"
import type { TierChannel } from "../../recording/queue-recorder.ts"
import type { Recorder } from "../../recording/recorder.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { PublicBoard } from "../operators/public-board.ts"
import type { Parties } from "../parties/parties.ts"
import type { Accounts } from "../stage/accounts.ts"
import { accountOfConsumer, accountOfOperator } from "../stage/accounts.ts"
import type { Call, ItemCall } from "../stage/call.ts"
import { noFlaw, tooLong } from "../stage/flaws.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { RequestsInFlight } from "../stage/requests-in-flight.ts"
import { costPerMtok } from "../operators/costs.ts"
import type { Setting } from "../stage/setting.ts"
import { inputPriceOf, listPriceOf } from "../stage/setting.ts"
import type { Consumers } from "./consumers.ts"
import { isWorthKnown, medianWorth } from "./worth.ts"

/** More tokens than any context holds: the most that the kernel lets a call ask for. */
const mostTokens = 100_000_000
const mostRetryLines = 8

/** As what a refusal of the queue's own is counted by tier. */
const ofQueueBy: { readonly [reason in Refusal]?: TierChannel } = {
  QueueFull: "full",
  QueueTimeout: "timedOut",
  Withdrawn: "left",
}

export interface CallsParts {
  readonly setting: Setting
  readonly agenda: Agenda
  readonly port: MarketPort
  readonly recorder: Recorder
  readonly requests: RequestsInFlight
  readonly accounts: Accounts
  readonly nodes: Nodes
  readonly parties: Parties
  readonly consumers: Consumers
  readonly board: PublicBoard
  /** What an hour of a call costs at least, credits, where time is charged. */
  readonly leastRateOf: (priority: Priority | undefined) => number
}

export class Calls {
  private readonly parts: CallsParts
  /** Requests that come back after 1, 2, 4 … times the retry pause. */
  private readonly retries: ReadonlyArray<Relay>
  /** By tier: calls whose consumers leave if they still wait then; undefined: these never do. */
  private readonly leaving: ReadonlyArray<Relay | undefined>
  private onServed: (slot: number) => void = () => {}
  private onItemEnded: (isServed: boolean) => void = () => {}
  /** Requests so far; a call that comes back is another request. */
  asked = 0
  /** Summed times in the market of those that are over, within the horizon, µs. */
  sojournMicros = 0
  /** Reused for every arrival: the kernel keeps no event. */
  private readonly arrived: {
    -readonly [K in keyof EventOf<"RequestArrived">]: EventOf<"RequestArrived">[K]
  } = {
    _tag: "RequestArrived",
    at: 0,
    request: 0,
    account: 0,
    model: 0,
    inputTokens: 0,
    maxTokens: 0,
  }

  constructor(parts: CallsParts) {
    this.parts = parts
    // A pause of no time at all would have a consumer come back for ever at the same instant.
    const { retrySeconds } = parts.setting.scenario.consumers
    const retryMicros = Math.max(1, Math.round(retrySeconds * 1e6))
    this.retries = Array.from({ length: mostRetryLines }, (_, k) => {
      const delayMicros = retryMicros * 2 ** k
      return new Relay(parts.agenda, delayMicros, (request) => this.reopen(request, delayMicros))
    })
    this.leaving = parts.setting.tiers.map(({ patienceMicros }) =>
      patienceMicros === Infinity || !parts.setting.hasQueue
        ? undefined
        : new Relay(parts.agenda, patienceMicros, (request) => this.leave(request)),
    )
  }

  /** Called with the slot of each call that was served. */
  whenServed(onServed: (slot: number) => void): void {
    this.onServed = onServed
  }

  /** Called with each item of a batch that is over, well or not. */
  whenItemEnded(onItemEnded: (isServed: boolean) => void): void {
    this.onItemEnded = onItemEnded
  }

  /** Does any refused call still come back? */
  get isAnyComingBack(): boolean {
    return this.retries.some(({ dueMicros }) => dueMicros !== Infinity)
  }

  open(call: Call): void {
    const { requests, recorder, agenda } = this.parts
    const slot = requests.add(this.asked)
    const { columns } = requests
    columns.consumer[slot] = call.consumer
    columns.party[slot] = call.party
    columns.model[slot] = call.model
    columns.inputTokens[slot] = call.inputTokens
    columns.outputTokens[slot] = call.outputTokens
    columns.maxTokens[slot] = Math.min(call.maxTokens, mostTokens)
    columns.flaw[slot] = call.flaw
    columns.worth[slot] = call.worth
    columns.further[slot] = call.further
    columns.retries[slot] = 0
    columns.arrivedAt[slot] = agenda.now
    recorder.noteArrived()
    recorder.queue?.add(this.tierOf(slot), "asked", 1)
    this.ask(slot)
  }

  /** Place of a call's tier; consumers alone have one. */
  private tierOf(slot: number): number {
    const consumer = this.parts.requests.columns.consumer[slot]
    return consumer < 0 ? 0 : this.parts.consumers.tierOf(consumer)
  }

  /** Whose work a call is: a party's, whatever account pays, or that of its consumer. */
  private clientOf(slot: number): number {
    const { party } = this.parts.requests.columns
    return party[slot] > 0 ? -party[slot] : this.payerOf(slot)
  }

  /** Hands an item of a batch to the market. It is none of the calls that people wait for, and counts as none. */
  openItem({ account, batch, inputTokens, item, model, outputTokens, party }: ItemCall): void {
    const { agenda, port, requests } = this.parts
    const request = this.asked++
    const slot = requests.add(request)
    const { columns } = requests
    columns.consumer[slot] = 0
    columns.party[slot] = party
    columns.model[slot] = model
    columns.inputTokens[slot] = inputTokens
    columns.outputTokens[slot] = outputTokens
    columns.maxTokens[slot] = outputTokens
    columns.flaw[slot] = noFlaw
    columns.worth[slot] = 1
    columns.further[slot] = 0
    columns.retries[slot] = 0
    columns.arrivedAt[slot] = agenda.now
    columns.batch[slot] = batch
    port.tell({
      _tag: "RequestArrived",
      at: agenda.now,
      request,
      account,
      model,
      inputTokens,
      maxTokens: outputTokens,
      batch,
      item,
    })
  }

  /** Hands an open request to the market. */
  private ask(slot: number): void {
    const { arrived, parts } = this
    const { columns } = parts.requests
    arrived.at = parts.agenda.now
    arrived.request = this.asked++
    arrived.account = this.payerOf(slot)
    arrived.model = columns.model[slot]
    arrived.inputTokens = columns.inputTokens[slot]
    arrived.maxTokens = columns.maxTokens[slot]
    if (parts.setting.hasHostPrices) arrived.maxPricePerMtok = this.maxPriceOf(slot)
    if (parts.setting.tiers.length > 1) {
      const { priority } = parts.setting.tiers[this.tierOf(slot)]
      if (priority === undefined) delete arrived.tier
      else arrived.tier = priority
    }
    parts.port.tell(arrived)
  }

  /** Where hosts set prices, the highest that a call accepts: a consumer's are worth so much to it; minor units. */
  private maxPriceOf(slot: number): number {
    const { setting, requests } = this.parts
    const { consumer, inputTokens, model, outputTokens } = requests.columns
    const { consumers, models } = setting.scenario
    const isAny = consumer[slot] < 0 || consumers.maxPrice === "none"
    if (isAny || !isWorthKnown(models[model[slot]])) return Number.MAX_SAFE_INTEGER
    const forInput = inputTokens[slot] * inputPriceOf(setting, model[slot])
    const left = this.worthOf(slot, outputTokens[slot]) * 1e6 - forInput
    const most = Math.floor((left / outputTokens[slot]) * setting.credit)
    return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, most))
  }

  /** What a call is worth to its consumer with so many tokens of its answer, credits. */
  private worthOf(slot: number, outputTokens: number): number {
    const { inputTokens, model, worth } = this.parts.requests.columns
    return (
      worth[slot] * medianWorth(this.parts.setting, model[slot], inputTokens[slot], outputTokens)
    )
  }

  /** The same request under a new id, so much later. */
  private reopen(request: number, waitedMicros: number): void {
    const { requests } = this.parts
    const slot = requests.rename(request, this.asked)
    if (waitedMicros > 0) requests.columns.retries[slot]++
    this.ask(slot)
  }

  /** A call waits, or goes on to wait elsewhere. */
  onWaiting({ request }: Extract<Command, { _tag: "Wait" }>): void {
    const { requests, recorder, agenda } = this.parts
    const slot = requests.slotOf(request)
    const { waitedMicros, waitingSince } = requests.columns
    if (waitingSince[slot] >= 0) return
    const tier = this.tierOf(slot)
    waitingSince[slot] = agenda.now
    if (waitedMicros[slot] === 0) recorder.queue?.add(tier, "waited", 1)
    recorder.queue?.noteWaiting(tier, this.clientOf(slot))
    this.leaving[tier]?.send(request, 0)
  }

  /** A call's consumer leaves, if it still waits under that id. */
  private leave(request: number): void {
    const { requests, port, agenda } = this.parts
    const slot = requests.find(request)
    if (slot < 0 || requests.columns.waitingSince[slot] < 0) return
    port.tell({ _tag: "RequestWithdrawn", at: agenda.now, request })
  }

  /** Waits no more: adds how long it did, at least a microsecond, so that it counts as one that waited. */
  private endWait(slot: number): void {
    const { waitedMicros, waitingSince } = this.parts.requests.columns
    if (waitingSince[slot] < 0) return
    waitedMicros[slot] += Math.max(1, this.parts.agenda.now - waitingSince[slot])
    waitingSince[slot] = -1
  }

  /** The market has found somebody for a request; the first time, if it has waited, it does so no more. */
  onBegun({ request }: Extract<Command, { _tag: "Dispatch" }>): void {
    const { requests, recorder } = this.parts
    if (recorder.queue === undefined) return
    const slot = requests.slotOf(request)
    const { attempt, batch, waitedMicros } = requests.columns
    if (batch[slot] >= 0 || attempt[slot] > 0) return
    this.endWait(slot)
    recorder.queue.noteBegun(this.tierOf(slot), waitedMicros[slot] / 1e6)
  }

  /** The market refused a request: its consumer tops up, comes back later, or gives up. */
  onRefused({ request, reason }: Extract<Command, { _tag: "Refuse" }>): void {
    const { requests, recorder, setting, consumers } = this.parts
    const slot = requests.slotOf(request)
    const { columns } = requests
    if (columns.batch[slot] >= 0 || reason === "Expired") {
      this.onItemEnded(false)
      return this.close(request, slot)
    }
    this.endWait(slot)
    if (reason === "InsufficientCredits" && this.canPayNow(slot)) return this.reopen(request, 0)
    const retries = columns.retries[slot]
    const consumer = columns.consumer[slot]
    const kind = consumer < 0 ? undefined : consumers.kindOf(consumer)
    const most = kind?.maxRetries ?? setting.scenario.consumers.maxRetries
    if (reason !== "InsufficientCredits" && reason !== "Withdrawn" && retries < most) {
      const k = Math.min(retries, mostRetryLines - 1)
      recorder.add("retried", 1)
      columns.instance[slot] = -1
      this.retries[k].send(request, 0)
      return
    }
    recorder.add(`refused.${reason}`, 1)
    const ofQueue = ofQueueBy[reason]
    if (ofQueue !== undefined) recorder.queue?.add(this.tierOf(slot), ofQueue, 1)
    if (consumer >= 0) consumers.noteGivenUp(consumer)
    this.close(request, slot)
  }

  /** The request is over and settled. */
  onFinished(command: Extract<Command, { _tag: "Finish" }>): void {
    const { requests, recorder, nodes, consumers, parties, board, agenda, setting } = this.parts
    const { request, outcome, outputTokens, charge, bounty } = command
    const slot = requests.slotOf(request)
    const { columns } = requests
    const isServed = outcome !== "consumerError"
    if (columns.batch[slot] >= 0) {
      if (isServed) {
        recorder.add("inputTokens", columns.inputTokens[slot])
        recorder.add("outputTokens", outputTokens)
      }
      nodes.notePaid(command, isServed)
      this.onItemEnded(isServed)
      return this.close(request, slot)
    }
    if (isServed) {
      if (outcome === "consumerGone") recorder.add("aborted", 1)
      const consumer = columns.consumer[slot]
      if (consumer >= 0) consumers.noteServed(consumer)
      this.onServed(slot)
      recorder.noteServed(
        agenda.now,
        columns.arrivedAt[slot],
        columns.firstTokenAt[slot],
        columns.inputTokens[slot],
        outputTokens,
        this.surplusOf(slot, outputTokens, charge / setting.credit),
      )
      this.noteServed(slot, outputTokens, charge / setting.credit)
      if (setting.hasHostPrices && charge > 0) this.notePrice(slot, command)
      board.noteServed(columns.model[slot], columns.inputTokens[slot], outputTokens)
      if (bounty > 0) recorder.add("bountyClaimed", bounty / setting.credit)
    } else recorder.add(columns.flaw[slot] === tooLong ? "tooLong" : "badInput", 1)
    nodes.notePaid(command, isServed)
    if (columns.party[slot] > 0)
      parties.noteOwnCall(columns.party[slot], charge, isServed ? this.worthToParty(slot) : 0)
    this.close(request, slot)
  }

  /** What was served of a tier and a client, where calls may wait. */
  private noteServed(slot: number, outputTokens: number, credits: number): void {
    const { queue } = this.parts.recorder
    if (queue === undefined) return
    const tier = this.tierOf(slot)
    const work = this.parts.requests.columns.inputTokens[slot] + 2 * outputTokens
    queue.noteServed(tier, this.clientOf(slot), work)
    queue.add(tier, "charged", credits)
    queue.add(tier, "surplus", this.surplusOf(slot, outputTokens, credits))
  }

  /** What a served call of a party's own is worth to it, credits: so many times what it is listed at. */
  private worthToParty(slot: number): number {
    const { inputTokens, model, outputTokens, worth } = this.parts.requests.columns
    if (worth[slot] === 0) return 0
    const { setting } = this.parts
    return worth[slot] * listPriceOf(setting, model[slot], inputTokens[slot], outputTokens[slot])
  }

  /** What a served call was worth to its consumer beyond what it cost, credits. */
  private surplusOf(slot: number, outputTokens: number, credits: number): number {
    const { requests, setting } = this.parts
    const { consumer, model, party } = requests.columns
    // What operators call for is worth to them what it costs; what parties do is told of with them.
    const isCounted =
      consumer[slot] >= 0 && party[slot] === 0 && isWorthKnown(setting.scenario.models[model[slot]])
    return isCounted ? this.worthOf(slot, outputTokens) - credits : 0
  }

  /** What was paid for a call where hosts set prices, and what it cost who served it. */
  private notePrice(slot: number, command: Extract<Command, { _tag: "Finish" }>): void {
    const { setting, nodes, recorder, requests } = this.parts
    const { instance, outputTokens, charge } = command
    const credits = charge / setting.credit
    const cost = (costPerMtok(setting, nodes.columns, instance) * outputTokens) / 1e6
    recorder.notePrice(
      requests.columns.model[slot],
      outputTokens,
      credits,
      (credits - cost) / credits,
    )
  }

  /** A request is over. Of its time in the market, what lies within the horizon counts. */
  private close(request: number, slot: number): void {
    const { requests, agenda, setting } = this.parts
    this.sojournMicros += Math.min(agenda.now, setting.endMicros) - requests.columns.arrivedAt[slot]
    requests.close(request)
  }

  // Who pays, and with what.

  /** The account that pays for a request. */
  private payerOf(slot: number): number {
    const consumer = this.parts.requests.columns.consumer[slot]
    return consumer < 0 ? accountOfOperator(-1 - consumer) : accountOfConsumer(consumer)
  }

  /** What a request may cost at most, credits; where hosts set prices, by the least that any of them asks. */
  private worstCredits(slot: number): number {
    const { requests, setting, board, leastRateOf } = this.parts
    const { model, inputTokens, maxTokens } = requests.columns
    if (setting.isByTime) {
      const { timeoutSeconds } = setting.scenario.economy.pricing
      return (leastRateOf(setting.tiers[this.tierOf(slot)].priority) * timeoutSeconds) / 3600
    }
    const inputPrice = inputPriceOf(setting, model[slot])
    const outputPrice = board.leastPrice(model[slot])
    return (inputTokens[slot] * inputPrice + maxTokens[slot] * outputPrice) / 1e6
  }

  private spendableCredits(slot: number): number {
    return this.parts.accounts.spendableCredits(this.payerOf(slot))
  }

  /** What the payer of a request lacks, credits. A little over, so that rounding cannot ask again. */
  private missingCredits(slot: number): number {
    return (
      Math.max(0, this.worstCredits(slot) - this.spendableCredits(slot)) +
      2 / this.parts.setting.credit
    )
  }

  /** Has the payer of a refused request found the credits for it? */
  private canPayNow(slot: number): boolean {
    const { requests, parties, accounts } = this.parts
    const { consumer, party } = requests.columns
    if (consumer[slot] >= 0) return this.topUp(slot)
    if (party[slot] === 0) return false
    const buyer = parties.all[party[slot] - 1]
    if (buyer.settings.conduct.demand?.paidBy !== "gifts") {
      // Just what the call lacks.
      buyer.boughtMinor += accounts.buy(this.payerOf(slot), this.missingCredits(slot))
      return true
    }
    // The gift is spent: a new account has another, for as long as the platform gives any.
    consumer[slot] = -1 - parties.addPuppet(buyer)
    return this.worstCredits(slot) <= this.spendableCredits(slot)
  }

  /** Buys credits for a consumer's request; false: the budget is spent. */
  private topUp(slot: number): boolean {
    const { requests, consumers, accounts, agenda, setting } = this.parts
    const consumer = requests.columns.consumer[slot]
    const { topUpCredits } = setting.scenario.consumers
    const credits = Math.max(topUpCredits, this.missingCredits(slot))
    if (credits > consumers.allowance(consumer, agenda.now)) return false
    accounts.buy(this.payerOf(slot), credits)
    consumers.noteBought(consumer, credits)
    return true
  }
}
