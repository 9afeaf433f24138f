/**
 * Where calls begin: those of the arrival stream, those that waited for the night, an agent's next, and
 * a party's own. Each opens a request and hands it to the market.
 */
import { isDay, nightFromHour, nightHours } from "../agents/consumer-kinds.ts"
import { logNormal } from "../kernel/variates.ts"
import { ask } from "./attempts.ts"
import { hourOfDay } from "./beliefs.ts"
import type { Call } from "./call.ts"
import type { OwnDemand } from "../scenarios/party.ts"
import { badInput, noFlaw, poison, willLeave } from "./flaws.ts"
import { furtherCalls } from "./follow-ups.ts"
import { payerOf, scheduleOwnCall } from "./own-demand.ts"
import type { World } from "./world.ts"
import { arrivalActor, followUpActor, nightActor } from "./world.ts"

const hourMicros = 3_600e6
/** More tokens than any context holds: the most that the kernel lets a call ask for. */
const mostTokens = 100_000_000

const open = (world: World, call: Call): void => {
  const slot = world.requests.add(world.nextRequest)
  const { columns } = world.requests
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
  columns.arrivedAt[slot] = world.now
  world.recorder.noteArrived()
  ask(world, slot)
}

/** The next call of the arrival stream: who, for which model, of which size. */
export const onArrival = (world: World): void => {
  const { scenario, streams, arrivals, recorder } = world
  const { demand, consumers } = scenario
  arrivals.read()
  // A fixed number of draws an arrival keeps scenarios with common random numbers in step.
  const isOperator = streams.consumer.next() < consumers.operatorShare
  const who = world.consumers.pick(streams.consumer)
  const resident = Math.floor(streams.consumer.next() * world.residents.length)
  const flawLot = streams.flaw.next()
  const leavesAfter = streams.flaw.next()
  const worthLot = logNormal(streams.worth, 0, 1)
  const kind = world.consumers.kindOf(who)
  const outputTokens =
    isOperator || kind.size === 1
      ? arrivals.outputTokens
      : Math.max(1, Math.round(arrivals.outputTokens * kind.size))
  const flaw =
    flawLot < demand.abortShare
      ? willLeave
      : flawLot < demand.abortShare + demand.badInputShare
        ? badInput
        : noFlaw
  const choice = isOperator
    ? { model: arrivals.model, worth: 1 }
    : chosen(world, who, arrivals.model, worthLot)
  const { inputTokens } = arrivals
  const next = arrivals.nextMicros()
  if (next <= world.endMicros) world.queue.schedule(arrivalActor, next)
  if (!isOperator && world.consumers.isGone(who)) return recorder.add("demandGone", 1)
  if (choice === undefined) return recorder.add("demandPricedOut", 1)
  const call: Call = {
    consumer: isOperator ? -1 - world.residents[resident] : who,
    party: 0,
    model: choice.model,
    inputTokens,
    outputTokens:
      flaw === willLeave ? Math.max(1, Math.ceil(leavesAfter * outputTokens)) : outputTokens,
    maxTokens: Math.ceil(outputTokens * demand.maxTokensHeadroom),
    flaw,
    worth: choice.worth,
    further: isOperator ? 0 : furtherCalls(world, who),
  }
  if (!isOperator && kind.waitsForNight && isDay(hourOfDay(world))) waitForNight(world, call)
  else open(world, call)
}

/**
 * The model that a consumer takes, and what the call is worth to it ÷ what it costs; undefined: none
 * is worth its price. `lot` is log-normal about 1.
 */
const chosen = (
  { scenario: { models }, consumers }: World,
  who: number,
  wanted: number,
  lot: number,
): { readonly model: number; readonly worth: number } | undefined => {
  const { worthSpread, isPriceSensitive } = consumers.kindOf(who)
  const multiple = Math.exp(worthSpread * Math.log(lot))
  const worthOf = (model: number): number => {
    const { outputPricePerMtok, worthPerMtok } = models[model]
    if (outputPricePerMtok === 0) return 1
    return (multiple * (worthPerMtok ?? 2 * outputPricePerMtok)) / outputPricePerMtok
  }
  if (!isPriceSensitive) return { model: wanted, worth: Math.max(1, worthOf(wanted)) }
  let best = wanted
  const gain = (model: number): number => (worthOf(model) - 1) * models[model].outputPricePerMtok
  for (let model = 0; model < models.length; model++)
    if (models[model].popularity > 0 && gain(model) > gain(best)) best = model
  // It stays with the model that it wanted while that is worth its price.
  const model = worthOf(wanted) >= 1 ? wanted : best
  const worth = worthOf(model)
  return worth < 1 ? undefined : { model, worth }
}

const waitForNight = (world: World, call: Call): void => {
  world.nightCalls.push(call)
  if (world.queue.isPending(nightActor)) return
  const day = 24 * hourMicros
  const sinceMidnight = (world.now - world.startMicros) % day
  // What is sampled at the turn of the hour still belongs to the day.
  const at = world.now - sinceMidnight + nightFromHour * hourMicros + 1
  if (at <= world.endMicros) world.queue.schedule(nightActor, at)
}

/** The night's work, one after the other, so that it is done by the morning. */
export const onNight = (world: World): void => {
  const call = world.nightCalls.shift()
  if (call === undefined) return
  open(world, call)
  const waiting = world.nightCalls.length
  if (waiting === 0) return
  const sinceMidnight = ((world.now - world.startMicros) / hourMicros) % 24
  const hoursLeft = (nightFromHour + nightHours - sinceMidnight) % 24
  const gap = Math.max(
    1,
    Math.floor((Math.min(hoursLeft, nightHours) * hourMicros) / (waiting + 1)),
  )
  if (world.now + gap <= world.endMicros) world.queue.schedule(nightActor, world.now + gap)
}

export const onFollowUp = (world: World): void => {
  const { at: _, ...call } = world.followUps.take()
  const { dueMicros } = world.followUps
  if (dueMicros !== Infinity) world.queue.schedule(followUpActor, dueMicros)
  open(world, { ...call, party: 0, flaw: noFlaw })
}

/** A party makes a call itself. */
export const onOwnCall = (world: World, index: number): void => {
  scheduleOwnCall(world, index)
  const party = world.parties[index]
  const { demand } = party.settings.conduct
  if (demand === null) throw new Error("simulator: a party without calls of its own made one")
  const { inputTokens, outputTokens, maxTokensFactor, leavesAfterTokens } = demand
  open(world, {
    consumer: -1 - payerOf(party),
    party: index + 1,
    model: world.scenario.models.findIndex(({ name }) => name === demand.model),
    inputTokens,
    outputTokens: Math.min(outputTokens, leavesAfterTokens ?? outputTokens),
    maxTokens: Math.ceil(outputTokens * maxTokensFactor),
    flaw: flawOf(demand),
    worth: 1,
    further: 0,
  })
}

const flawOf = ({ isBadInput, isPoison, leavesAfterTokens }: OwnDemand): number => {
  if (isBadInput) return badInput
  if (isPoison) return poison
  return leavesAfterTokens === null ? noFlaw : willLeave
}
