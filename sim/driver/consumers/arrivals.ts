/** The stream of arrivals: who calls next, for which model, of which size, and what is the matter with it. */
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"
import { isDay } from "../../agents/consumer-kinds.ts"
import type { ArrivalSource } from "../../demand/source.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { logNormal } from "../../kernel/variates.ts"
import type { Recorder } from "../../recording/recorder.ts"
import type { Operators } from "../operators/operators.ts"
import type { Call } from "../stage/call.ts"
import { badInput, noFlaw, willLeave } from "../stage/flaws.ts"
import type { Setting } from "../stage/setting.ts"
import { hourOfDay } from "../stage/setting.ts"
import type { PublicBoard } from "../operators/public-board.ts"
import type { Calls } from "./calls.ts"
import type { Consumers } from "./consumers.ts"
import type { FollowUps } from "./follow-ups.ts"
import type { NightCalls } from "./night-calls.ts"
import { isWorthKnown, medianWorth } from "./worth.ts"

export interface ArrivalsParts {
  readonly setting: Setting
  readonly agenda: Agenda
  readonly recorder: Recorder
  readonly source: ArrivalSource
  readonly operators: Operators
  readonly consumers: Consumers
  readonly board: PublicBoard
  readonly calls: Calls
  readonly nightCalls: NightCalls
  readonly followUps: FollowUps
}

export class Arrivals {
  private readonly parts: ArrivalsParts
  private readonly entry: number
  private readonly consumerStream: Stream
  private readonly flawStream: Stream
  private readonly worthStream: Stream

  constructor(parts: ArrivalsParts) {
    const { seed } = parts.setting
    this.parts = parts
    this.entry = parts.agenda.register(() => this.onArrival())
    this.consumerStream = openStream(seed, "consumer", 0)
    this.flawStream = openStream(seed, "flaw", 0)
    this.worthStream = openStream(seed, "worth", 0)
  }

  /** Demand begins, or goes on: wakes for the next arrival, where it is within the horizon. */
  scheduleNext(): void {
    const { source, agenda, setting } = this.parts
    const next = source.nextMicros()
    if (next <= setting.endMicros) agenda.queue.schedule(this.entry, next)
  }

  private onArrival(): void {
    const { setting, source, recorder, consumers, operators, calls, nightCalls } = this.parts
    const { demand, consumers: settings } = setting.scenario
    const { consumerStream, flawStream } = this
    source.read()
    // A fixed number of draws an arrival keeps scenarios with common random numbers in step.
    const isOperator = consumerStream.next() < settings.operatorShare
    const who = consumers.pick(consumerStream)
    const resident = Math.floor(consumerStream.next() * operators.residents.length)
    const flawLot = flawStream.next()
    const leavesAfter = flawStream.next()
    const worthLot = logNormal(this.worthStream, 0, 1)
    const kind = consumers.kindOf(who)
    const outputTokens =
      isOperator || kind.size === 1
        ? source.outputTokens
        : Math.max(1, Math.round(source.outputTokens * kind.size))
    const flaw =
      flawLot < demand.abortShare
        ? willLeave
        : flawLot < demand.abortShare + demand.badInputShare
          ? badInput
          : noFlaw
    const choice = isOperator
      ? { model: source.model, worth: 1 }
      : this.chosen(who, source.model, worthLot, outputTokens)
    const { inputTokens } = source
    this.scheduleNext()
    if (!isOperator && consumers.isGone(who)) return recorder.add("demandGone", 1)
    if (choice === undefined) return recorder.add("demandPricedOut", 1)
    const call: Call = {
      consumer: isOperator ? -1 - operators.residents[resident] : who,
      party: 0,
      model: choice.model,
      inputTokens,
      outputTokens:
        flaw === willLeave ? Math.max(1, Math.ceil(leavesAfter * outputTokens)) : outputTokens,
      maxTokens: Math.ceil(outputTokens * demand.maxTokensHeadroom),
      flaw,
      worth: choice.worth,
      further: isOperator ? 0 : this.parts.followUps.furtherCalls(who),
    }
    const isByDay = isDay(hourOfDay(setting, this.parts.agenda.now))
    if (!isOperator && kind.waitsForNight && isByDay) nightCalls.add(call)
    else calls.open(call)
  }

  /**
   * The model that a consumer takes for a call of such a size, and how many times the median the call is worth
   * to it; undefined: nothing is worth the least that is asked for it. `lot` is log-normal about 1.
   */
  private chosen(
    who: number,
    wanted: number,
    lot: number,
    outputTokens: number,
  ): { readonly model: number; readonly worth: number } | undefined {
    const { board, consumers, setting, source } = this.parts
    const { models } = setting.scenario
    const { takesOthers, worthFactor, worthSpread } = consumers.kindOf(who)
    const { inputTokens } = source
    const worth =
      setting.tiers[consumers.tierOf(who)].worthFactor *
      worthFactor *
      Math.exp(worthSpread * Math.log(lot))
    /** What the call leaves its consumer on a model, credits. */
    const gain = (model: number): number =>
      isWorthKnown(models[model])
        ? worth * medianWorth(setting, model, inputTokens, outputTokens) -
          board.leastCost(model, inputTokens, outputTokens)
        : 0
    // Where hosts set prices, the market looks for one who asks no more than the call is worth.
    const isLeftToMarket = setting.hasHostPrices && !takesOthers
    // It stays with the model that it wanted while that is worth its price.
    if (isLeftToMarket || gain(wanted) >= 0) return { model: wanted, worth }
    if (!takesOthers) return undefined
    let best = wanted
    for (let model = 0; model < models.length; model++)
      if (models[model].popularity > 0 && gain(model) > gain(best)) best = model
    return gain(best) >= 0 ? { model: best, worth } : undefined
  }
}
